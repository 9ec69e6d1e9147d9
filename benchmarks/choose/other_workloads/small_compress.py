"""zlib over 2 KiB: tens of microseconds."""

import zlib

DATA = b"".join(b"line %d of a text\n" % i for i in range(100))
items = list(range(50))


def work(item):
    return len(zlib.compress(DATA))
