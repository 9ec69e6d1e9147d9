"""The sum of a long list: a process must be sent the list."""

items = [list(range(n, n + 200_000)) for n in range(5)]


def work(item):
    return sum(item)
