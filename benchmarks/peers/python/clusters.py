"""Calls by Ray's and Dask's own Python API.

usage: clusters.py ray|dask [nodes]

On a cluster of two workers on this machine; with "nodes", on that of two nodes at HOCKET_CLUSTER_ADDRESS. Runs itself again with
the interpreter in which scripts/install-clusters has installed the engine.
"""

import json
import os
import pathlib
import sys
import time

ENGINE = sys.argv[1]
PYTHON = str(pathlib.Path(__file__).resolve().parents[3] / "build" / "cluster" / ENGINE / "bin" / "python")
ADDRESS = os.environ.get("HOCKET_CLUSTER_ADDRESS")


def report(name, value, unit):
    print(json.dumps({"name": name, "value": value, "unit": unit}), flush=True)


def best(name, operations, unit, work, batches=6):
    """The fastest batch after one that warms up."""
    times = []
    for _ in range(batches):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    value = min(times[1:]) / operations * {"ns": 1e9, "ms": 1e3}[unit]
    report(name, value, unit)
    return value


def add(a, b):
    return a + b


def compute(_):
    """Takes ten milliseconds of a processor."""
    end = time.thread_time() + 0.01
    while time.thread_time() < end:
        pass


def time_of(work):
    """The least of three, after one that warms up."""
    times = []
    for _ in range(4):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times[1:])


class Actor:
    def add(self, a, b):
        return a + b

    def compute(self, _):
        compute(_)

    def size(self, data):
        return len(data)

    def make(self, size):
        return b"x" * size


def ray_actors(ray, count):
    return [ray.remote(Actor).options(num_cpus=1).remote() for _ in range(count)]


def measure_ray():
    # Otherwise Ray leaves a token in the home folder.
    os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=os.urandom(32).hex())
    began = time.perf_counter()
    import ray

    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
    actors = ray_actors(ray, 2)
    ray.get(actors[0].add.remote(1, 2))
    report("start", (time.perf_counter() - began) * 1e3, "ms")
    best("sync", 300, "ns", lambda: [ray.get(actors[0].add.remote(i, i)) for i in range(300)])
    best("pipelined", 4000, "ns", lambda: ray.get([actors[i % 2].add.remote(i, i) for i in range(4000)]))
    data = b"x" * (100 << 20)
    # Ray's own way of moving 100 MiB: what an argument and a result are compared with.
    value = best("argument", 1, "ms", lambda: ray.get(ray.put(data)))
    report("result", value, "ms")
    best("argument_of_actor", 1, "ms", lambda: ray.get(actors[0].size.remote(ray.put(data))))
    best("result_of_actor", 1, "ms", lambda: ray.get(actors[0].make.remote(len(data))))


def measure_ray_nodes():
    began = time.perf_counter()
    import ray

    ray.init(address=ADDRESS, log_to_driver=False, logging_level="error")
    actors = ray_actors(ray, 1)
    ray.get(actors[0].add.remote(1, 2))
    report("peer_first", (time.perf_counter() - began) * 1e3, "ms")
    one = time_of(lambda: ray.get([actors[0].compute.remote(i) for i in range(400)]))
    actors += ray_actors(ray, 1)
    ray.get(actors[1].add.remote(1, 2))
    two = time_of(lambda: ray.get([actors[i % 2].compute.remote(i) for i in range(400)]))
    report("peer_speedup", one / two, "times")


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


def measure_dask_nodes():
    began = time.perf_counter()
    from distributed import Client

    client = Client(ADDRESS)
    client.submit(add, 1, 2).result()
    report("peer_first", (time.perf_counter() - began) * 1e3, "ms")
    workers = list(client.scheduler_info()["workers"])

    def calls(on):
        client.gather(client.map(compute, range(400), pure=False, workers=on))

    report("peer_speedup", time_of(lambda: calls(workers[:1])) / time_of(lambda: calls(workers)), "times")
    client.close()


if __name__ == "__main__":
    if os.path.exists(PYTHON) and os.path.abspath(sys.executable) != PYTHON:
        os.execv(PYTHON, [PYTHON, *sys.argv])
    {"ray": measure_ray, "dask": measure_dask, "ray nodes": measure_ray_nodes,
     "dask nodes": measure_dask_nodes}[" ".join(sys.argv[1:])]()
