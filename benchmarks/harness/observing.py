"""What it costs a program to be observed: the same program, with and without."""

import contextlib
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass

from harness.model import OURS, Bar, Row
from harness.programs import collect
from harness.servers import LOAD_CORE, ping_pong, rounds_of, running

PLAIN = "not observed"


@dataclass(frozen=True)
class Steps:
    """The counters that are always on, and lists of 100,000 tasks."""

    name: str = "counters"
    counted: Row = Row("yield, counted", "ns", Bar(1.01, PLAIN))
    hold: Row = Row("list of 100,000 tasks, longest hold", "µs CPU", Bar(500))

    @property
    def rows(self):
        return [self.counted, self.hold]

    def steps(self, run):
        return 2

    def measure(self, run):
        command = run.programs.command("hocket_observing")
        run.progress.step(self.name, "yields")
        measured = collect(command, core=1) if command else {}
        if measured:
            run.samples.add(self.counted, OURS, 0, measured["yield, counted"])
            run.samples.add(self.counted, PLAIN, 0, measured["yield, not counted"])
        run.progress.step(self.name, "lists")
        measured = collect([*command, "lists"]) if command else {}
        if measured:
            run.samples.add(self.hold, OURS, 0, measured["longest hold"])


@dataclass(frozen=True)
class Yields:
    """A yield with HOCKET_DEBUG=1, and while a trace is recorded."""

    name: str = "yields"
    debug: Row = Row("yield, HOCKET_DEBUG=1", "ns", Bar(2, PLAIN))
    traced: Row = Row("yield, recorded", "ns")

    @property
    def rows(self):
        return [self.debug, self.traced]

    def steps(self, run):
        return rounds_of(OURS, run.quick)

    def measure(self, run):
        words = run.programs.command("hocket_yield")
        for number in range(self.steps(run)):
            run.progress.step(self.name, f"round {number + 1}")
            if not words:
                continue
            plain = collect(words, core=1)["yield"]
            for row, variable in [(self.debug, "HOCKET_DEBUG"), (self.traced, "HOCKET_TRACE")]:
                measured = collect(["env", f"{variable}=1", *words], core=1)["yield"]
                run.samples.add(row, OURS, number, measured)
                run.samples.add(row, PLAIN, number, plain)


@dataclass(frozen=True)
class AttachedEcho:
    """An echo server while the `hocket` command looks at it: ns of its CPU time a message."""

    connections: int
    # {what the row is called: (the arguments before and after the process's number, the bar)}
    commands: dict
    name: str = "attached"

    @property
    def rows(self):
        return [self._row(what) for what in self.commands]

    def steps(self, run):
        return len(self.commands) * self._rounds(run)

    def _rounds(self, run):
        return 1 if run.quick else 40  # the bars are close to nothing at all

    def measure(self, run):
        words = run.programs.command("echo_server")
        tool = run.programs.command("hocket")
        with tempfile.TemporaryDirectory() as folder:
            observed = ["env", "HOCKET_OBSERVE=1", f"XDG_RUNTIME_DIR={folder}"]
            commands = {
                PLAIN: lambda port: [*words, str(port)],
                OURS: lambda port: [*observed, *words, str(port)],
            }
            with running(commands) if words and tool else contextlib.nullcontext({}) as servers:
                for what in self.commands if len(servers) == 2 else []:
                    before, after = self.commands[what][0]
                    looking = [*tool, *before, str(servers[OURS].pid), *after]
                    with attached(looking, folder):
                        self._measure_pairs(run, servers, what)

    def _measure_pairs(self, run, servers, what):
        for number in range(self._rounds(run)):
            run.progress.step(self.name, f"{what}, round {number + 1}")
            # Whoever comes first finds the machine cooler; that is not always the same.
            for column in sorted(servers, reverse=number % 2 == 1):
                measured = ping_pong(run, servers[column], self.connections, "64", seconds=0.3)
                if measured:
                    run.samples.add(self._row(what), column, number, measured["cpu"])

    def _row(self, what):
        title = f"echo, {self.connections} × 64 B, {what}"
        return Row(title, "ns CPU", Bar(self.commands[what][1], PLAIN), "median")


@contextlib.contextmanager
def attached(command, folder):
    """The `hocket` command, for as long as this lasts."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "XDG_RUNTIME_DIR": folder},
        preexec_fn=lambda: os.sched_setaffinity(0, {LOAD_CORE}),
    )
    time.sleep(0.5)  # its start takes the load's core
    try:
        yield
    finally:
        process.terminate()
        process.wait()
