"""asyncpg: SELECT 1 on four connections, which it does not pipeline, and a result of 10,000 rows."""

import asyncio
import json
import sys
import time

import asyncpg

CONNECTIONS, QUERIES, RESULTS = 4, 4000, 20


def report(name, value, unit):
    print(json.dumps({"name": name, "value": value, "unit": unit}), flush=True)


async def select(connection):
    statement = await connection.prepare("SELECT 1")
    for _ in range(QUERIES):
        await statement.fetchval()


async def main(dsn):
    words = dict(word.split("=", 1) for word in dsn.split())
    options = {"host": words["host"], "port": int(words["port"]), "user": words["user"], "database": words["dbname"]}
    connections = [await asyncpg.connect(**options) for _ in range(CONNECTIONS)]
    best = 0
    for _ in range(3):
        began = time.monotonic()
        await asyncio.gather(*(select(connection) for connection in connections))
        best = max(best, CONNECTIONS * QUERIES / (time.monotonic() - began))
    report("select_pipelined", best, "queries/s")
    report("select_alone", best, "queries/s")
    least = float("inf")
    for _ in range(3):
        began = time.process_time()
        for _ in range(RESULTS):
            total = 0
            for a, b, c, d, e, f, g, h, s, t in await connections[0].fetch("SELECT * FROM bench_rows"):
                total += a + b + c + d + e + f + g + h + len(s) + len(t)
        least = min(least, (time.process_time() - began) / RESULTS)
    report("rows", least * 1e3, "ms")


asyncio.run(main(sys.argv[1]))
