"""A document of JSON, of which one number is kept."""

import json

TEXT = json.dumps([{"id": i, "name": f"name {i}", "values": list(range(10))} for i in range(1_000)])
items = list(range(100))


def work(item):
    return item + sum(entry["id"] for entry in json.loads(TEXT))
