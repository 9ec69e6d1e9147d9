"""asyncio: one task an item, and a semaphore that limits how many run."""

import asyncio
import time

from ..latency import schedule


class EventLoop:
    def __init__(self, function):
        self.function = function
        self.runner = asyncio.Runner()
        self.width = 1

    def start(self, width):
        self.width = width

    def stop(self):
        self.runner.close()

    def map(self, items, chunk=1):
        return self.runner.run(self._gather(items))

    def latencies(self, items, interval):
        return self.runner.run(self._latencies(items, interval))

    async def _gather(self, items):
        gate = asyncio.Semaphore(self.width)
        function = self.function

        async def one(item):
            async with gate:
                return await function(item)

        return await asyncio.gather(*[one(item) for item in items])

    async def _latencies(self, items, interval):
        gate = asyncio.Semaphore(self.width)
        function = self.function
        found = []

        async def one(item, due):
            async with gate:
                await function(item)
            found.append(time.perf_counter() - due)

        async with asyncio.TaskGroup() as group:
            for item, due, pause in schedule(items, interval):
                await asyncio.sleep(pause)
                group.create_task(one(item, due))
        return found
