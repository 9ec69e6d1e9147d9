"""asyncio: one task an item, and a semaphore that limits how many run."""

import asyncio
import time


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
        latencies = []

        async def one(item, due):
            async with gate:
                await function(item)
            latencies.append(time.perf_counter() - due)

        async with asyncio.TaskGroup() as group:
            start = time.perf_counter()
            for index, item in enumerate(items):
                due = start + index * interval
                await asyncio.sleep(max(due - time.perf_counter(), 0))
                group.create_task(one(item, due))
        return latencies
