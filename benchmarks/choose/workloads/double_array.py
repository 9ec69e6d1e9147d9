"""An array of 8 MB doubled: limited by memory, and a process must be sent the array and send one back."""

import numpy

items = [numpy.arange(1_000_000, dtype=numpy.float64) + i for i in range(4)]


def work(item):
    return item * 2
