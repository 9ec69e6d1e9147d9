"""A regular expression over a text: C code that holds the GIL."""

import re

TEXT = " ".join(f"user{i}@example{i % 97}.org wrote {i} lines" for i in range(2_000))
PATTERN = re.compile(r"(\w+)@(\w+)\.org wrote (\d+)")
items = list(range(100))


def work(item):
    return item + sum(int(lines) for _, _, lines in PATTERN.findall(TEXT))
