"""PostgreSQL: the rows of the group "databases" that need a PostgreSQL server."""

from harness.databases import PYTHON
from harness.model import BY_HAND, OURS, Bar, Python, Row
from harness.postgres import Postgres

PGBENCH = "pgbench"

_SELECT = "PostgreSQL SELECT 1, 4 connections, 16 in flight on each"

SUBJECTS = [
    Postgres(
        "postgres",
        {
            OURS: "hocket_postgres",
            BY_HAND: "by_hand_postgres",
            PYTHON: Python("postgres.py"),
        },
        {
            "select_pipelined": Row(
                f"{_SELECT}, in a transaction", "queries/s", Bar(1, PGBENCH), "median", more_is_better=True
            ),
            "select_alone": Row(f"{_SELECT}, each alone", "queries/s", None, "median", more_is_better=True),
            "rows": Row("PostgreSQL, 10,000 rows of 10 columns", "ms CPU", Bar(1.2, BY_HAND)),
        },
        pgbench=PGBENCH,
    ),
]

NOTES = """\
- PostgreSQL: a server of the benchmark's own, on a Unix socket. In a transaction, the 16 queries of a connection
  share a sync, as in pgbench's pipeline mode (`\\startpipeline`, `-M prepared`, one thread). Alone, each query
  commits and fails by itself, for which the server sends a packet each; pgbench 15 has no such mode, and by hand
  is libpq with a sync after each query. Python: asyncpg, which does not pipeline, so it has one query in flight on each connection.
- The rows are read in binary format as ints, doubles, a bool and texts; CPU time of the client. By hand:
  `PQexecPrepared` and `PQgetvalue`.
"""
