"""A lock held for 3 ms: nothing can overlap, and processes would only have copies of the lock."""

import asyncio
import threading
import time

LOCK = threading.Lock()
ASYNC_LOCK = asyncio.Lock()
items = list(range(50))


def work(item):
    with LOCK:
        time.sleep(0.003)
    return item


async def awork(item):
    async with ASYNC_LOCK:
        await asyncio.sleep(0.003)
    return item
