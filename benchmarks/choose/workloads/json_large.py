"""A document of JSON, of which everything is kept: in a process, the result must be pickled."""

import json

TEXT = json.dumps([{"id": i, "name": f"name {i}", "values": list(range(10))} for i in range(1_000)])
items = list(range(20))


def work(item):
    return json.loads(TEXT)
