"""SQLite with aiosqlite, and Redis with redis-py. usage: databases.py sqlite|redis [SOCKET]"""

import asyncio
import json
import os
import random
import sys
import tempfile
import time

ROWS = 100_000


async def best(name, operations, run, batches=3):
    """Prints the fastest batch, after one that warms up."""
    fastest = float("inf")
    for batch in range(batches + 1):
        began = time.perf_counter_ns()
        await run()
        if batch > 0:
            fastest = min(fastest, time.perf_counter_ns() - began)
    print(json.dumps({"name": name, "value": fastest / operations, "unit": "ns"}))


async def measure_sqlite():
    import aiosqlite

    tasks, reads = 64, 50
    with tempfile.TemporaryDirectory() as folder:
        async with aiosqlite.connect(os.path.join(folder, "data.db")) as database:
            await database.execute("PRAGMA journal_mode = WAL")
            await database.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT)")
            rows = ((i, f"the name of {i}") for i in range(1, ROWS + 1))
            await database.executemany("INSERT INTO item VALUES (?, ?)", rows)
            await database.commit()

            async def read_some():
                for _ in range(reads):
                    key = random.randint(1, ROWS)
                    await database.execute_fetchall("SELECT name FROM item WHERE id = ?", (key,))

            async def run():
                await asyncio.gather(*(read_some() for _ in range(tasks)))

            await best("sqlite_point_read", tasks * reads, run)


async def measure_redis(socket):
    import redis.asyncio

    connections, depth, gets = 4, 16, 16_000
    client = redis.asyncio.Redis(unix_socket_path=socket, max_connections=connections)
    await client.set("key", "xxx")

    async def get_some():
        for _ in range(gets // connections // depth):
            pipeline = client.pipeline(transaction=False)
            for _ in range(depth):
                pipeline.get("key")
            await pipeline.execute()

    async def run():
        await asyncio.gather(*(get_some() for _ in range(connections)))

    await best("redis_get_pipelined", gets, run)
    await client.close()


asyncio.run(measure_redis(sys.argv[2]) if sys.argv[1] == "redis" else measure_sqlite())
