"""A wait of 1 ms and nothing else."""

import time

items = list(range(100))


def work(item):
    time.sleep(0.001)
    return item
