"""Throughput by service demands: what an item needs of each resource bounds how many items a second are possible.

The names are those of queueing theory. All times are seconds an item.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Demands:
    """What one item needs, measured by running the workload alone."""

    cpu: float  # CPU time
    wait: float  # time in which the thread neither ran nor was ready to run
    gil_share: float = 1.0  # part of the CPU time during which the GIL was held
    serial: float = 0.0  # time under a lock that all threads share
    thread_overhead: float = 25e-6  # CPU time to hand an item to a thread and its result back; the GIL is held
    task_overhead: float = 12e-6  # CPU time of an asyncio task
    async_cpu: float | None = None  # CPU time of the asynchronous version, if it was measured
    worker_overhead: float = 100e-6  # CPU time in a worker process beside the work: pickling, pipes
    parent_overhead: float = 150e-6  # CPU time in the parent process: pickling, pipes, futures


def inverse(seconds):
    return 1 / seconds if seconds > 0 else math.inf


def sequential(demands, workers=1, cores=1):
    return inverse(demands.cpu + demands.wait)


def asyncio(demands, workers, cores):
    cpu = (demands.cpu if demands.async_cpu is None else demands.async_cpu) + demands.task_overhead
    return min(workers * inverse(cpu + demands.wait), inverse(cpu), min(cores, 1) * inverse(cpu))


def threads(demands, workers, cores):
    cpu = demands.cpu + demands.thread_overhead
    under_gil = demands.gil_share * demands.cpu + demands.thread_overhead
    return min(workers * inverse(cpu + demands.wait), cores * inverse(cpu), inverse(under_gil), inverse(demands.serial))


def interpreters(demands, workers, cores):
    cpu = demands.cpu + demands.thread_overhead
    return min(workers * inverse(cpu + demands.wait), cores * inverse(cpu), inverse(demands.parent_overhead))


def processes(demands, workers, cores):
    cpu = demands.cpu + demands.worker_overhead
    return min(
        workers * inverse(cpu + demands.wait), cores * inverse(cpu + demands.parent_overhead), inverse(demands.parent_overhead)
    )


FORMULAS = {
    "sequential": sequential,
    "asyncio": asyncio,
    "threads": threads,
    "interpreters": interpreters,
    "processes": processes,
}


def smallest_good_width(throughputs, tolerance=0.07):
    """The fewest workers whose throughput is within `tolerance` of the best. `throughputs` maps workers to items a second."""
    best = max(throughputs.values())
    return min(width for width, value in throughputs.items() if value >= best * (1 - tolerance))


@dataclass(frozen=True)
class ScalabilityLaw:
    """X(n) = λn / (1 + α(n−1) + βn(n−1)): α is what is serialised, β what is paid to keep workers coherent."""

    rate: float
    contention: float
    coherency: float

    def __call__(self, workers):
        n = workers
        return self.rate * n / (1 + self.contention * (n - 1) + self.coherency * n * (n - 1))


def fit_scalability(points):
    """The Universal Scalability Law through (workers, items a second), by least squares; None with fewer than four points,
    which any curve of three parameters would fit."""
    widths = {n for n, _ in points}
    if len(widths) < 4 or 1 not in widths:
        return None
    alone = [x for n, x in points if n == 1]
    rate = sum(alone) / len(alone)
    # n·λ/X(n) − 1 is linear in α and β.
    a11 = a12 = a22 = b1 = b2 = 0.0
    for n, x in points:
        u, v, y = n - 1, n * (n - 1), n * rate / x - 1
        a11 += u * u
        a12 += u * v
        a22 += v * v
        b1 += u * y
        b2 += v * y
    determinant = a11 * a22 - a12 * a12
    alpha = (b1 * a22 - b2 * a12) / determinant
    beta = (a11 * b2 - a12 * b1) / determinant
    # Neither cost can be negative: the other parameter alone is fitted then.
    if beta < 0:
        alpha, beta = b1 / a11, 0.0
    if alpha < 0:
        alpha, beta = 0.0, max(b2 / a22, 0.0)
    return ScalabilityLaw(rate, max(alpha, 0.0), beta)
