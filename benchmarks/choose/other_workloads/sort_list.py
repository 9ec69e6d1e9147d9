"""sorted() over 20,000 numbers: C code that holds the GIL."""

import random

NUMBERS = random.Random(1).sample(range(1_000_000), 20_000)
items = list(range(50))


def work(item):
    return sorted(NUMBERS)[item]
