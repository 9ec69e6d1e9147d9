"""A list of 200,000 numbers, made quickly and pickled slowly."""

items = list(range(10))


def work(item):
    return list(range(item, item + 200_000))
