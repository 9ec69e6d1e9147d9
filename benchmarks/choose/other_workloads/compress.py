"""zlib over 256 KiB, without the GIL."""

import zlib

DATA = b"".join(b"line %d of a text\n" % i for i in range(14_000))
items = list(range(50))


def work(item):
    return len(zlib.compress(DATA))
