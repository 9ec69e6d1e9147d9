"""Runs the function alone, and finds what an item needs."""

import inspect
import itertools
import pickle
import time
from dataclasses import dataclass, field

from . import _native, inspection
from .accounting import Meter, thread_run_delay
from .equality import first_difference
from .errors import InputError, ModelFailed
from .statistics import quantile

CHECKED_ITEMS = 64
CHECKED_BYTES = 32 << 20
SAMPLING_PERIOD_NS = 1_000_000
# On a busy machine without the task clock, samples come at the kernel's ticks only, and few of them.
LEAST_SAMPLES = 8


@dataclass
class Profile:
    item_seconds: float  # mean wall time of one
    cpu: float  # CPU seconds an item
    wait: float  # seconds an item in which nothing of it used a CPU
    gil_share: float
    locks: list = field(default_factory=list)
    state_changes: list = field(default_factory=list)  # (name, accumulates)
    unstable_item: int | None = None  # its second result differed from its first
    expected: list = field(default_factory=list)  # pickled results of the first items
    unpicklable: str | None = None
    pickle_cpu: float = 0.0  # CPU seconds to pickle and unpickle item and result
    pickle_bytes: float = 0.0


def first_pass(function, items, limit, progress):
    """Results and times of the first items: as many as fit into `limit` seconds, at least one."""
    results, times = [], []
    start = time.perf_counter()
    for index, item in enumerate(items[:CHECKED_ITEMS]):
        progress(index)
        began = time.perf_counter()
        try:
            result = function(item)
        except (Exception, SystemExit) as error:
            raise ModelFailed("raised", f"item {index} ({short(item)}) raised {describe(error)}") from None
        ended = time.perf_counter()
        if inspect.isawaitable(result):
            raise InputError("the function returned a coroutine: pass it with --async (asynchronous= in code), and a plain function beside it")
        results.append(result)
        times.append(ended - began)
        if ended - start > limit:
            break
    progress(None)
    return results, times


def profile(function, items, seconds, progress):
    state = inspection.snapshot(function)
    results, times = first_pass(function, items, seconds / 2, progress)
    locks = inspection.find_locks(function)
    state_changes = inspection.changed(state, inspection.snapshot(function))

    # A round of very short items must be long beside the reading of the clock between rounds.
    known = items[: len(results)]
    count = max(len(known), min(int(0.01 / max(min(times), 1e-7)), 100_000))
    one_round = list(itertools.islice(itertools.cycle(known), count))
    _native.start_sampling(SAMPLING_PERIOD_NS)
    meter = Meter()
    delay = thread_run_delay()
    thread_cpu = time.thread_time()
    second_results = None
    done = 0
    start = time.perf_counter()
    while done == 0 or time.perf_counter() - start < seconds:
        round_results = [function(item) for item in one_round]
        if second_results is None:
            second_results = round_results[: len(known)]
        done += count
    thread_cpu = time.thread_time() - thread_cpu
    delay = thread_run_delay() - delay
    usage = meter.stop()
    held, total = _native.stop_sampling()

    cpu = usage.cpu / done
    wait = max(usage.wall - delay - usage.cpu, 0.0) / done
    if usage.reaped_cpu > 0.1 * usage.cpu and usage.others > 0.05:
        # The delay of child processes that have ended is part of the wait, and not known; the shortest calls had the least.
        wait = min(wait, max(quantile(times, 0.1) - cpu, 0.0))
    # The sampler sees this thread only; helper threads and child processes use CPU time without the GIL.
    share = held / total if total >= LEAST_SAMPLES else 1.0
    gil_share = min(share * thread_cpu / usage.cpu, 1.0) if usage.cpu > 0 else 1.0
    found = Profile(usage.wall / done, cpu, wait, gil_share, locks, state_changes, first_difference(results, second_results))
    measure_pickling(found, known, results)
    return found


def measure_pickling(found, items, results):
    size = 0
    began = time.thread_time()
    for index, (item, result) in enumerate(zip(items, results)):
        for name, value in ((f"item {index}", item), (f"the result of item {index}", result)):
            try:
                packed = pickle.dumps(value)
                pickle.loads(packed)
            except Exception as error:
                found.unpicklable = f"{name} cannot be pickled: {error}"
                return
            size += len(packed)
        found.expected.append(packed)
        if size > CHECKED_BYTES:
            break
    count = len(found.expected)
    found.pickle_cpu = (time.thread_time() - began) / count
    found.pickle_bytes = size / count


def describe(error):
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def short(value, length=60):
    text = repr(value)
    return text if len(text) <= length else text[: length - 1] + "…"
