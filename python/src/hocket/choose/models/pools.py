"""The executors of concurrent.futures."""

import concurrent.futures
import importlib
import multiprocessing
import sys
import time

from .. import _native, latency


def load_in_worker(module, ready):
    """Runs once in each worker process, so that no item pays for the import."""
    # The fork server ends when the process that started it does; its children are then killed with it.
    _native.die_with_parent()
    if module != "__main__":
        importlib.import_module(module)
    ready.release()


class Pool:
    """A model that is an executor."""

    def __init__(self, function):
        self.function = function
        self.executor = None
        self.width = 0

    def start(self, width):
        if width == self.width:
            return
        self.stop()
        self.executor = self._create(width)
        self.width = width
        # Executors start a worker for each call that finds no idle one. Calls that overlap start all of them.
        holds = [self.executor.submit(time.sleep, 0.02) for _ in range(width)]
        self._wait_until_ready(holds)
        for hold in holds:
            hold.result()

    def _wait_until_ready(self, holds):
        pass

    def stop(self):
        if self.executor is not None:
            self.executor.shutdown(cancel_futures=True)
            self.executor = None
            self.width = 0

    def map(self, items, chunk=1):
        return list(self.executor.map(self.function, items, chunksize=chunk))

    def latencies(self, items, interval):
        return latency.of_executor(self.executor, self.function, items, interval)


class Threads(Pool):
    def _create(self, width):
        return concurrent.futures.ThreadPoolExecutor(width)


class Interpreters(Pool):
    def _create(self, width):
        return concurrent.futures.InterpreterPoolExecutor(width)


class Processes(Pool):
    def __init__(self, reference):
        super().__init__(reference.load())
        self.module = reference.module

    def _create(self, width):
        # Not fork: children would share the sockets and connections that the module opened when it was imported.
        context = multiprocessing.get_context("forkserver")
        self.ready = context.Semaphore(0)
        return concurrent.futures.ProcessPoolExecutor(
            width, mp_context=context, initializer=load_in_worker, initargs=(self.module, self.ready)
        )

    def _wait_until_ready(self, holds):
        for _ in range(self.width):
            while not self.ready.acquire(timeout=0.1):
                # A worker that fails while it starts breaks the pool; waiting on would be in vain.
                for hold in holds:
                    if hold.done():
                        hold.result()


def why_no_interpreters():
    """None where interpreters can be measured, else the reason."""
    if hasattr(concurrent.futures, "InterpreterPoolExecutor"):
        return None
    return f"needs InterpreterPoolExecutor of Python 3.14; this is {sys.version_info.major}.{sys.version_info.minor}"
