"""x + 1: any model costs more than the work."""

items = list(range(1_000))


def work(item):
    return item + 1
