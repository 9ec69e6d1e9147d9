"""asyncio: one task an item, and a semaphore that limits how many run."""

import asyncio

from .. import latency


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
        return self.runner.run(latency.of_tasks(self.function, items, interval, self.width))

    async def _gather(self, items):
        gate = asyncio.Semaphore(self.width)
        function = self.function

        async def one(item):
            async with gate:
                return await function(item)

        return await asyncio.gather(*[one(item) for item in items])
