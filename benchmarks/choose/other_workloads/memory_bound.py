"""A sum over 64 MB in numpy: limited by memory."""

import numpy

ARRAY = numpy.ones(8_000_000)
items = list(range(20))


def work(item):
    return float(ARRAY.sum()) + item
