"""The concurrency models. Each runs one function over items exactly as the code that the answer recommends does.

A model has `start(width)`, `map(items, chunk)`, `latencies(items, interval)` and `stop()`. A module is imported when its model
is used: a measuring process should contain nothing that its model does not need.
"""

import time

from ..latency import schedule

# Cheapest first: what a program pays in complexity and memory.
NAMES = ("sequential", "asyncio", "threads", "interpreters", "processes")


class Sequential:
    def __init__(self, function):
        self.function = function

    def start(self, width):
        pass

    def stop(self):
        pass

    def map(self, items, chunk=1):
        function = self.function
        return [function(item) for item in items]

    def latencies(self, items, interval):
        found = []
        for item, due, pause in schedule(items, interval):
            if pause > 0:
                time.sleep(pause)
            self.function(item)
            found.append(time.perf_counter() - due)
        return found


def create(name, workload):
    """The model of this name for the workload's function; loads the function in this process."""
    if name == "sequential":
        return Sequential(workload.function.load())
    if name == "asyncio":
        from .event_loop import EventLoop

        return EventLoop(workload.async_function.load())
    from . import pools

    if name == "threads":
        return pools.Threads(workload.function.load())
    if name == "interpreters":
        return pools.Interpreters(workload.function.load())
    return pools.Processes(workload.function)
