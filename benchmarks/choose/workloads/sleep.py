"""A pure wait of 20 ms."""

import asyncio
import time

items = list(range(50))


def work(item):
    time.sleep(0.02)
    return item


async def awork(item):
    await asyncio.sleep(0.02)
    return item
