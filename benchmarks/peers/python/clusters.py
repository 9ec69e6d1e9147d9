"""Calls by Ray's and Dask's own Python API, on a cluster of two workers on this machine.

usage: clusters.py ray|dask

Runs itself again with the interpreter in which `make cluster-test` has installed the engine.
"""

import json
import os
import pathlib
import sys
import time

ENGINE = sys.argv[1]
PYTHON = str(pathlib.Path(__file__).resolve().parents[3] / "build" / "cluster" / ENGINE / "bin" / "python")


def report(name, value, unit):
    print(json.dumps({"name": name, "value": value, "unit": unit}), flush=True)


def best(name, operations, unit, work, batches=6):
    """The fastest batch after one that warms up."""
    times = []
    for _ in range(batches):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    report(name, min(times[1:]) / operations * {"ns": 1e9, "ms": 1e3}[unit], unit)


def add(a, b):
    return a + b


def measure_ray():
    # Otherwise Ray leaves a token in the home folder.
    os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=os.urandom(32).hex())
    began = time.perf_counter()
    import ray

    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")

    class Actor:
        def add(self, a, b):
            return a + b

        def size(self, data):
            return len(data)

        def make(self, size):
            return b"x" * size

    actors = [ray.remote(Actor).options(num_cpus=1).remote() for _ in range(2)]
    ray.get(actors[0].add.remote(1, 2))
    report("start", (time.perf_counter() - began) * 1e3, "ms")
    best("sync", 300, "ns", lambda: [ray.get(actors[0].add.remote(i, i)) for i in range(300)])
    best("pipelined", 4000, "ns", lambda: ray.get([actors[i % 2].add.remote(i, i) for i in range(4000)]))
    data = b"x" * (100 << 20)
    best("argument", 1, "ms", lambda: ray.get(actors[0].size.remote(ray.put(data))), 4)
    best("result", 1, "ms", lambda: ray.get(actors[0].make.remote(len(data))), 4)
    best("put_get", 1, "ms", lambda: ray.get(ray.put(data)), 4)


def measure_dask():
    began = time.perf_counter()
    from distributed import Client, LocalCluster

    cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50)
    client = Client(cluster)
    client.submit(add, 1, 2).result()
    report("start", (time.perf_counter() - began) * 1e3, "ms")
    best("sync", 50, "ns", lambda: [client.submit(add, i, i, pure=False).result() for i in range(50)])
    best("pipelined", 1000, "ns", lambda: client.gather(client.map(add, range(1000), range(1000), pure=False)))
    client.close()
    cluster.close()


if __name__ == "__main__":
    if os.path.exists(PYTHON) and os.path.abspath(sys.executable) != PYTHON:
        os.execv(PYTHON, [PYTHON, *sys.argv])
    measure_ray() if ENGINE == "ray" else measure_dask()
