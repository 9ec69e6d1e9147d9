"""Latency at a given load. Calls begin when they are due, whether or not earlier ones have ended: a slow model cannot hide its
queue by asking for less work."""

import time


def of_calls(function, items, interval):
    """One caller: a call that is due while another runs waits for it."""
    latencies = []
    start = time.perf_counter()
    for index, item in enumerate(items):
        due = start + index * interval
        pause = due - time.perf_counter()
        if pause > 0:
            time.sleep(pause)
        function(item)
        latencies.append(time.perf_counter() - due)
    return latencies


def of_executor(executor, function, items, interval):
    latencies = []
    futures = []
    start = time.perf_counter()
    for index, item in enumerate(items):
        due = start + index * interval
        pause = due - time.perf_counter()
        if pause > 0:
            time.sleep(pause)
        future = executor.submit(function, item)
        future.add_done_callback(lambda _, due=due: latencies.append(time.perf_counter() - due))
        futures.append(future)
    for future in futures:
        future.result()
    return latencies
