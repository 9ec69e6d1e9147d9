"""Measures Python's processes in the same way as the C++ programs: `processes.py SUBJECT`.

Prints the same lines of JSON as measure.hpp; times are wall time, the fastest of several batches.
"""

import concurrent.futures
import json
import multiprocessing
import sys
import time

MEBIBYTE = 1 << 20


def report(name, value, unit):
    print(json.dumps({"name": name, "value": value, "unit": unit}), flush=True)


def fastest(batch, batches=3):
    """The time of the fastest batch in seconds, after a warm-up batch."""
    batch()
    times = []
    for _ in range(batches):
        began = time.perf_counter()
        batch()
        times.append(time.perf_counter() - began)
    return min(times)


def nothing():
    pass


def increment(x):
    return x + 1


class Executor:
    """concurrent.futures.ProcessPoolExecutor."""

    def __init__(self, workers, start_method=None):
        context = multiprocessing.get_context(start_method)
        self.pool = concurrent.futures.ProcessPoolExecutor(workers, mp_context=context)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.pool.shutdown()

    def call(self, function, *arguments):
        return self.pool.submit(function, *arguments).result()

    def many_calls(self, function, count):
        futures = [self.pool.submit(function) for _ in range(count)]
        for future in futures:
            future.result()

    def map(self, function, items, chunksize):
        return sum(self.pool.map(function, items, chunksize=chunksize))


class Pool:
    """multiprocessing.Pool."""

    def __init__(self, workers, start_method=None):
        self.pool = multiprocessing.get_context(start_method).Pool(workers)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.pool.close()
        self.pool.join()

    def call(self, function, *arguments):
        return self.pool.apply(function, arguments)

    def many_calls(self, function, count):
        results = [self.pool.apply_async(function) for _ in range(count)]
        for result in results:
            result.get()

    def map(self, function, items, chunksize):
        return sum(self.pool.map(function, items, chunksize=chunksize))


def measure_pool(make):
    with make(2) as pool:
        seconds = fastest(lambda: pool.many_calls(nothing, 20_000), batches=2)
        report("calls", seconds / 20_000 * 1e9, "ns")
        for chunksize, items in ((1, 20_000), (100, 200_000)):
            seconds = fastest(lambda: pool.map(increment, range(items), chunksize), batches=2)
            report(f"map_{chunksize}", seconds / items * 1e9, "ns")
    with make(1) as pool:
        seconds = fastest(lambda: [pool.call(nothing) for _ in range(1000)], batches=10)
        report("one_parked", seconds / 1000 * 1e9, "ns")
        for name, size, rounds in (("1m", MEBIBYTE, 50), ("100m", 100 * MEBIBYTE, 2)):
            argument = b"x" * size
            seconds = fastest(lambda: [pool.call(len, argument) for _ in range(rounds)])
            report(f"argument_{name}", rounds * size / seconds / 1e9, "GB/s")
    for start_method in ("fork", "spawn"):
        times = []
        for _ in range(5):
            began = time.perf_counter()
            with make(2, start_method) as pool:
                pool.call(nothing)
                times.append(time.perf_counter() - began)
        report(f"first_{start_method}", min(times) * 1e3, "ms")


def measure_manager():
    with multiprocessing.Manager() as manager:
        values = manager.dict(key=1)
        seconds = fastest(lambda: [values["key"] for _ in range(1000)], batches=10)
        report("manager_get", seconds / 1000 * 1e9, "ns")


def main():
    subjects = {
        "ProcessPoolExecutor": lambda: measure_pool(Executor),
        "Pool": lambda: measure_pool(Pool),
        "Manager": measure_manager,
    }
    subjects[sys.argv[1]]()


if __name__ == "__main__":
    main()
