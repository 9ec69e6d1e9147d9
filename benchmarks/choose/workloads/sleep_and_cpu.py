"""A wait of 10 ms, then about 2 ms of Python: many threads overlap the waits, but only processes overlap the rest."""

import asyncio
import time

items = list(range(50))


def compute(item):
    total = item
    for i in range(40_000):
        total += i * i
    return total


def work(item):
    time.sleep(0.01)
    return compute(item)


async def awork(item):
    await asyncio.sleep(0.01)
    return compute(item)
