"""Redis: a server that each measurement starts, and redis-benchmark as the peer."""

import csv
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass

from harness.model import OURS
from harness.programs import collect
from harness.progress import log

BENCHMARK = "redis-benchmark"
PYTHON = "Python"


@dataclass(frozen=True)
class Redis:
    """GET over four connections, 16 in flight on each. `printed` maps a printed name to its row."""

    name: str
    ours: str
    python: object
    printed: dict
    rounds: int = 3

    @property
    def rows(self):
        return list(self.printed.values())

    def steps(self, run):
        return 3 * self._rounds(run)

    def measure(self, run):
        if shutil.which("redis-server") is None:
            log("redis-server is not installed: left out")
            return
        with tempfile.TemporaryDirectory() as folder:
            socket = os.path.join(folder, "redis.sock")
            server = subprocess.Popen(
                ["redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder],
                stdout=subprocess.DEVNULL,
            )
            try:
                while not os.path.exists(socket):
                    time.sleep(0.01)
                self._measure_with(run, socket)
            finally:
                server.terminate()
                server.wait()

    def _measure_with(self, run, socket):
        for number in range(self._rounds(run)):
            for column, measure in (
                (OURS, self._program(run, self.ours, socket)),
                (BENCHMARK, lambda: _redis_benchmark(socket)),
                (PYTHON, self._program(run, self.python, socket)),
            ):
                run.progress.step(self.name, f"round {number + 1} of {self._rounds(run)}, {column}")
                for name, value in measure().items():
                    if name in self.printed:
                        run.samples.add(self.printed[name], column, number, value)

    def _program(self, run, program, socket):
        command = run.programs.command(program)
        return lambda: collect([*command, socket]) if command else {}

    def _rounds(self, run):
        return 1 if run.quick else self.rounds


def _redis_benchmark(socket):
    """Nanoseconds for each GET; the same for both ways of ours."""
    command = [BENCHMARK, "-s", socket, "-P", "16", "-c", "4", "-n", "1000000", "-t", "get", "--csv"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    a_second = float(list(csv.DictReader(output.splitlines()))[0]["rps"])
    return {name: 1e9 / a_second for name in ("redis_get_pipelined", "redis_get_by_tasks")}
