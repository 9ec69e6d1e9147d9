"""SHA-256 of 1 MiB, then a lock for 0.1 ms: most of it can overlap."""

import hashlib
import threading
import time

LOCK = threading.Lock()
DATA = bytes(1 << 20)
items = list(range(50))


def work(item):
    digest = hashlib.sha256(DATA).hexdigest()
    with LOCK:
        time.sleep(0.0001)
    return digest
