"""A query of a database of sqlite, which releases the GIL; each thread has a connection of its own."""

import os
import sqlite3
import tempfile
import threading

PATH = os.path.join(tempfile.gettempdir(), f"hocket-choose-{os.getuid()}.sqlite")
local = threading.local()
items = list(range(100))


def make_database():
    path = f"{PATH}.{os.getpid()}"
    with sqlite3.connect(path) as connection:
        connection.execute("create table numbers (n integer, text text)")
        connection.executemany("insert into numbers values (?, ?)", ((i, f"text {i % 1000}") for i in range(50_000)))
    connection.close()
    os.replace(path, PATH)


if not os.path.exists(PATH):
    make_database()


def work(item):
    if not hasattr(local, "connection"):
        local.connection = sqlite3.connect(PATH)
    query = "select count(*), sum(n) from numbers where text like ?"
    return local.connection.execute(query, (f"%{item % 10}%",)).fetchone()
