"""The executors of concurrent.futures."""

import concurrent.futures
import importlib
import multiprocessing
import os
import sys
import threading
import time

from .. import _native
from ..latency import schedule

# In a worker process: set once all workers of the pool have started.
all_started = None


def load_in_worker(module, ready, started):
    """Runs once in each worker process, so that no item pays for the import."""
    global all_started
    # The fork server is killed when the process that started it ends, and its workers with it (fork_server.py).
    _native.die_with_parent()
    if not multiprocessing.parent_process().is_alive():
        os._exit(1)  # that was before die_with_parent
    if module != "__main__":
        importlib.import_module(module)
    all_started = started
    ready.release()


def wait_until_all_started():
    all_started.wait()


class Pool:
    """A model that is an executor."""

    def __init__(self, function):
        self.function = function
        self.executor = None
        self.width = 0

    def start(self, width):
        if width != self.width:
            self.stop()
            self.executor = self._create(width)
            self.width = width
            self._start_workers()

    def stop(self):
        if self.executor is not None:
            self.executor.shutdown(cancel_futures=True)
            self.executor = None
            self.width = 0

    def map(self, items, chunk=1):
        return list(self.executor.map(self.function, items, chunksize=chunk))

    def latencies(self, items, interval):
        found, futures = [], []
        for item, due, pause in schedule(items, interval):
            if pause > 0:
                time.sleep(pause)
            future = self.executor.submit(self.function, item)
            future.add_done_callback(lambda _, due=due: found.append(time.perf_counter() - due))
            futures.append(future)
        for future in futures:
            future.result()
        return found


# Executors start a worker for each call that finds no idle one. Calls that end only when all workers are there start all of them.


class Threads(Pool):
    def _create(self, width):
        return concurrent.futures.ThreadPoolExecutor(width)

    def _start_workers(self):
        started = threading.Event()
        calls = [self.executor.submit(started.wait) for _ in range(self.width)]
        started.set()
        concurrent.futures.wait(calls)


class Interpreters(Pool):
    def _create(self, width):
        return concurrent.futures.InterpreterPoolExecutor(width)

    def _start_workers(self):
        concurrent.futures.wait([self.executor.submit(time.sleep, 0.05) for _ in range(self.width)])


class Processes(Pool):
    def __init__(self, reference):
        super().__init__(reference.load())
        self.module = reference.module

    def _create(self, width):
        # Not fork: children would share the sockets and connections that the module opened when it was imported.
        context = multiprocessing.get_context("forkserver")
        self.ready = context.Semaphore(0)
        self.started = context.Event()
        return concurrent.futures.ProcessPoolExecutor(
            width, mp_context=context, initializer=load_in_worker, initargs=(self.module, self.ready, self.started)
        )

    def _start_workers(self):
        calls = [self.executor.submit(wait_until_all_started) for _ in range(self.width)]
        for _ in range(self.width):
            while not self.ready.acquire(timeout=0.1):
                # A worker that fails while it starts breaks the pool; waiting on would be in vain.
                for call in calls:
                    if call.done():
                        call.result()
        self.started.set()
        concurrent.futures.wait(calls)


def why_no_interpreters():
    """None where interpreters can be measured, else the reason."""
    if hasattr(concurrent.futures, "InterpreterPoolExecutor"):
        return None
    return f"needs InterpreterPoolExecutor of Python 3.14; this is {sys.version_info.major}.{sys.version_info.minor}"
