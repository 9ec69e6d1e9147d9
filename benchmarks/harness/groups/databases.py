"""Databases."""

from harness.databases import BENCHMARK, PYTHON, Redis
from harness.groups import postgres
from harness.micro import Micro
from harness.model import BY_HAND, OURS, Bar, Group, Python, Row

GROUP = Group(
    name="databases",
    title="Databases",
    peers=[BY_HAND, postgres.PGBENCH, BENCHMARK, PYTHON],
    subjects=[
        *postgres.SUBJECTS,
        Micro(
            "sqlite",
            {
                OURS: "hocket_sqlite",
                BY_HAND: "by_hand_sqlite",
                PYTHON: Python("databases.py", ("sqlite",)),
            },
            {
                # At least 0.9 times as many in a second.
                "sqlite_point_read": Row(
                    "SQLite: point read, by 64 tasks", "ns", Bar(1 / 0.9, BY_HAND)
                ),
                "sqlite_point_read_alone": Row("SQLite: point read, by one task", "ns"),
            },
            rounds=3,
        ),
        Redis(
            "redis",
            "hocket_redis",
            Python("databases.py", ("redis",)),
            {
                "redis_get_pipelined": Row(
                    "Redis: GET, 4 connections, in pipelines of 16", "ns", Bar(1.0, BENCHMARK)
                ),
                "redis_get_by_tasks": Row("Redis: GET, 4 connections, by 64 tasks", "ns"),
            },
        ),
    ],
    notes=postgres.NOTES
    + """\
- Redis and SQLite: wall time, the best batch of three rounds.
- SQLite: a row of a table of 100,000 rows by its key, with a WAL, on one connection. By hand: one prepared statement
  in a plain thread. Python: aiosqlite.
- Redis: on a Unix socket, without persistence. redis-benchmark: `-P 16 -c 4`. Python: redis-py's asyncio client.
""",
)
