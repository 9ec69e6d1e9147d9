"""The process in which one model runs. It answers commands from the process that started it, one at a time.

Each model has a fresh process: what one leaves behind (threads, caches, open connections) cannot help or hinder another.
"""

import itertools
import mmap
import multiprocessing
import multiprocessing.connection
import multiprocessing.spawn
import os
import pickle
import sys
import time
import traceback

from . import _native, models
from .accounting import Meter, session_memory
from .equality import first_difference
from .errors import InputError, ModelFailed
from .profiling import describe, profile, short
from .workload import check_async_function, check_function

class Progress:
    """The item that is running, or None, in memory that the parent process can read while this one is stuck."""

    NONE = (1 << 64) - 1

    def __init__(self, descriptor):
        self.memory = mmap.mmap(descriptor, 8)

    def __call__(self, index):
        self.memory[:] = (self.NONE if index is None else index).to_bytes(8, "little")

    def read(self):
        index = int.from_bytes(self.memory[:], "little")
        return None if index == self.NONE else index


class MeasuringProcess:
    def __init__(self, name, workload, progress):
        self.name = name
        self.progress = progress
        began = time.perf_counter()
        if name in ("threads", "sequential", "interpreters", "processes"):
            function = workload.function.load()
        self.items = workload.load_items()
        if name == "asyncio":
            check_async_function(workload.async_function.load(), self.items[0], workload.async_function)
        else:
            check_function(function, self.items[0], workload.function)
        self.model = models.create(name, workload)
        self.load_seconds = time.perf_counter() - began

    def profile(self, seconds):
        return profile(self.model.function, self.items, seconds, self.progress)

    def start(self, width):
        """Starts the workers; returns the seconds this took."""
        began = time.perf_counter()
        self.model.start(width)
        return time.perf_counter() - began

    def check(self, expected):
        """Runs the first items and compares their results with the pickled ones of the sequential run."""
        items = self.items[: len(expected)]
        results = self._map(items, 1)
        index = first_difference([pickle.loads(data) for data in expected], results)
        if index is not None:
            raise ModelFailed(
                "differs",
                f"item {index} ({short(items[index])}) gave {short(results[index])} here, "
                f"and {short(pickle.loads(expected[index]))} sequentially",
            )

    def run(self, count, chunk=1):
        """Runs `count` items; returns what this used, and the memory while the workers exist."""
        items = list(itertools.islice(itertools.cycle(self.items), count))
        meter = Meter()
        self._map(items, chunk)
        usage = meter.stop()
        return usage, session_memory(os.getsid(0))

    def latencies(self, count, interval):
        return self.model.latencies(list(itertools.islice(itertools.cycle(self.items), count)), interval)

    def _map(self, items, chunk):
        try:
            return self.model.map(items, chunk)
        except (Exception, SystemExit) as error:
            kind = "unpicklable" if isinstance(error, pickle.PicklingError) or "pickle" in str(error) else "raised"
            raise ModelFailed(kind, f"raised {describe(error)}") from None


def serve(connection, name, workload, progress):
    try:
        process = MeasuringProcess(name, workload, progress)
        connection.send(("ok", process.load_seconds))
    except Exception as error:
        connection.send(failure(error))
        return
    while True:
        try:
            command, arguments = connection.recv()
        except EOFError:
            return
        try:
            answer = ("ok", getattr(process, command)(**arguments))
        except BaseException as error:
            answer = failure(error)
        connection.send(answer)


def failure(error):
    if isinstance(error, InputError):
        return ("input", str(error))
    if isinstance(error, ModelFailed):
        return ("model", (error.kind, str(error)))
    return ("model", ("raised", "".join(traceback.format_exception(error)).strip().splitlines()[-1]))


def main():
    """Arguments: the descriptors of the connection and of the progress memory."""
    _native.die_with_parent()
    connection = multiprocessing.connection.Connection(int(sys.argv[1]))
    progress = Progress(int(sys.argv[2]))
    setup = connection.recv()
    if os.getppid() != setup["parent"]:
        return  # the parent ended before die_with_parent
    multiprocessing.set_forkserver_preload(["__main__", "hocket.choose.fork_server"])
    sys.path[:] = setup["sys_path"]
    sys.argv = [""]
    name, workload = setup["name"], None
    try:
        if setup["cpus"]:
            os.sched_setaffinity(0, setup["cpus"])
        if setup["main_path"]:
            # As multiprocessing does for its workers: the script runs under another name, so its guarded part does not.
            multiprocessing.spawn.prepare({"init_main_from_path": setup["main_path"]})
        workload = pickle.loads(setup["workload"])
    except InputError as error:
        connection.send(("input", str(error)))
        return
    except Exception as error:
        connection.send(("input", f"the workload cannot be loaded: {describe(error)}"))
        return
    serve(connection, name, workload, progress)
    # User threads that are not daemons would keep the process alive.
    os._exit(0)
