"""Loops in Python: the GIL is held all the time."""

items = list(range(200))


def work(item):
    total = item
    for i in range(20_000):
        total += i * i
    return total
