"""Latency at a given load. Calls begin when they are due, whether or not earlier ones have ended: a slow model cannot hide its
queue by asking for less work."""

import time


# A caller that sleeps between calls cannot keep to a shorter interval.
LEAST_INTERVAL = 100e-6


def schedule(items, interval):
    """Yields each item with the time at which its call is due, and the seconds until then."""
    start = time.perf_counter()
    for index, item in enumerate(items):
        due = start + index * interval
        yield item, due, max(due - time.perf_counter(), 0.0)
