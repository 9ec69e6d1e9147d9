"""SHA-256 of 1 MiB: OpenSSL, without the GIL."""

import hashlib

DATA = bytes(1 << 20)
items = list(range(100))


def work(item):
    return hashlib.sha256(DATA).hexdigest()
