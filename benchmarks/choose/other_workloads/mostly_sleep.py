"""5 ms of Python and a wait of 45 ms: threads saturate the GIL at 10 workers."""

import time

items = list(range(50))


def work(item):
    time.sleep(0.045)
    total = item
    for i in range(100_000):
        total += i * i
    return total
