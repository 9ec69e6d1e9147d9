"""What the claims are measured with."""

import asyncio
import hashlib
import os
import re
import tempfile
import time

items = list(range(64))
DATA = bytes(1 << 20)
TEXT = " ".join(f"user{i}@example.org" for i in range(2_000))
PATTERN = re.compile(r"(\w+)@(\w+)\.org")
FILE = tempfile.TemporaryFile()
FILE.write(bytes(4096 * 64))
FILE.flush()


def python(item):
    total = item
    for i in range(20_000):
        total += i * i
    return total


async def async_python(item):
    return python(item)


def sha256(item):
    return hashlib.sha256(DATA).hexdigest()


def regex(item):
    return len(PATTERN.findall(TEXT))


def wait(item):
    """What a request to a server that answers after 50 ms costs the client is small beside the wait."""
    time.sleep(0.05)
    return item


async def async_wait(item):
    await asyncio.sleep(0.05)
    return item


def read(item):
    return len(os.pread(FILE.fileno(), 4096, item * 4096))


async def async_read(item):
    """Asyncio has no files: what it offers is a thread."""
    return await asyncio.to_thread(read, item)
