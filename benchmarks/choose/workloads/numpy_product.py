"""Matrix products in numpy, which releases the GIL."""

import numpy

MATRIX = numpy.random.default_rng(1).random((200, 200))
items = list(range(50))


def work(item):
    result = MATRIX
    for _ in range(5):
        result = result @ MATRIX / 100
    return float(result[0, 0]) + item
