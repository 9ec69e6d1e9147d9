"""Functions that the tests measure; most of them are wrong in some way."""

import asyncio
import multiprocessing
import os
import random
import subprocess
import threading
import time

# The semaphores of the measured pools have names that the tests can tell from those of other programs.
if "HOCKET_TEST" in os.environ:
    multiprocessing.current_process()._config["semprefix"] = "/" + os.environ["HOCKET_TEST"]

numbers = list(range(20))
nothing = []


def few():
    return range(1, 4)


calls = 0
log = []
LOCK = threading.Lock()


def compute(item):
    total = item
    for i in range(2_000):
        total += i * i
    return total


def add_one(item):
    return item + 1


def nap(item):
    time.sleep(0.005)
    return item


async def async_nap(item):
    await asyncio.sleep(0.005)
    return item


def raises(item):
    if item == 3:
        raise ValueError("three is too many")
    return item


def hangs(item):
    if item == 2:
        time.sleep(3600)
    return item


def hangs_in_a_worker(item):
    if multiprocessing.parent_process() is not None:
        time.sleep(3600)
    return compute(item)


def prints(item):
    print("noise", item)
    return item


def counts(item):
    global calls
    calls += 1
    return item


def returns_count(item):
    global calls
    calls += 1
    return calls


def appends(item):
    log.append(item)
    return item


def returns_random(item):
    return random.random()


def returns_process(item):
    return os.getpid()


def returns_thread(item):
    return threading.current_thread() is threading.main_thread()


def returns_function(item):
    return lambda: item


def needs_two(item, other):
    return item + other


def exits(item):
    os._exit(7)


def leaves_child(item):
    """Each call leaves a process behind."""
    subprocess.Popen(["sleep", "3600"])
    return item


def leaves_thread(item):
    threading.Thread(target=time.sleep, args=(3600,)).start()
    return item


def locked(item):
    with LOCK:
        time.sleep(0.002)
    return item


def slow(item):
    time.sleep(1)
    return item
