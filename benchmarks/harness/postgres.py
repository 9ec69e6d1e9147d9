"""A PostgreSQL server, and programs that are its clients."""

import contextlib
import os
import pathlib
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass

from harness.model import Row
from harness.programs import collect
from harness.progress import log

_CONNECTIONS = 4
_DEPTH = 16
_ROWS = """
CREATE TABLE bench_rows AS
SELECT n AS a, n * 2 AS b, n % 100 AS c, n::int8 * 1000000007 AS d, -n::int8 AS e, n / 3.0::float8 AS f,
       sqrt(n) AS g, n % 2 = 0 AS h, 'row number ' || n AS s, repeat('x', n % 40) AS t
FROM generate_series(1, 10000) AS n;
VACUUM ANALYZE bench_rows;
"""


def _programs():
    folders = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return folders[-1].parent if folders else None


def _as_server_user():
    """For subprocess: the server refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def server():
    """A server in a folder of its own, with the table bench_rows. Yields its DSN, or None if PostgreSQL is
    not installed."""
    programs = _programs()
    if programs is None:
        log("PostgreSQL is not installed: left out")
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="hocket-postgres-") as folder:
        user = _as_server_user()
        if user:
            os.chown(folder, user["user"], user["group"])
        data, port = f"{folder}/data", _free_port()
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, **user}
        subprocess.run(
            [programs / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "-N"], check=True, **quiet
        )
        settings = {"port": port, "unix_socket_directories": folder, "listen_addresses": "", "fsync": "off"}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        running = subprocess.Popen([programs / "postgres", "-D", data, *words], **quiet)
        dsn = f"host={folder} port={port} user=postgres dbname=postgres"
        try:
            for _ in range(600):
                if subprocess.run([programs / "pg_isready", "-q", "-d", dsn]).returncode == 0:
                    break
                time.sleep(0.05)
            for command in filter(str.strip, _ROWS.split(";")):
                subprocess.run(["psql", "-q", "-d", dsn, "-c", command], check=True)
            yield dsn
        finally:
            running.send_signal(subprocess.signal.SIGQUIT)
            running.wait()


def _pgbench(dsn, seconds):
    """Queries a second of pgbench in pipeline mode."""
    program = shutil.which("pgbench") or _programs() / "pgbench"
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write("\\startpipeline\n" + "SELECT 1;\n" * _DEPTH + "\\endpipeline\n")
        script.flush()
        words = ["-n", "-M", "prepared", "-c", str(_CONNECTIONS), "-j", "1", "-T", str(seconds)]
        done = subprocess.run(
            [program, *words, "-f", script.name, dsn], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    found = re.search(r"tps = ([\d.]+) \(without", done.stdout)
    if not found:
        log(f"pgbench: {done.stderr.strip()}")
        return {}
    return {"select_pipelined": float(found[1]) * _DEPTH}


@dataclass(frozen=True)
class Postgres:
    """`programs` maps a column to a program, which gets the server's DSN and prints the names of `printed`,
    {name: row}. The column `pgbench` needs no program."""

    name: str
    programs: dict
    printed: dict
    pgbench: str
    rounds: int = 3

    @property
    def rows(self) -> list[Row]:
        return list(self.printed.values())

    def steps(self, run):
        return len(self._plan(run))

    def measure(self, run):
        with server() as dsn:
            for number, column in self._plan(run):
                run.progress.step(self.name, f"round {number + 1}, {column}")
                if dsn is None:
                    continue
                for name, value in self._values(run, column, dsn).items():
                    if name in self.printed:
                        run.samples.add(self.printed[name], column, number, value)

    def _values(self, run, column, dsn):
        if column == self.pgbench:
            return _pgbench(dsn, 1 if run.quick else 3)
        command = run.programs.command(self.programs[column])
        return collect([*command, dsn]) if command else {}

    def _plan(self, run):
        columns = [*self.programs, self.pgbench]
        return [(number, column) for number in range(1 if run.quick else self.rounds) for column in columns]
