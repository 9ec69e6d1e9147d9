"""Micro-benchmarks: every round runs each program in turn."""

from dataclasses import dataclass, field

from harness.model import OURS, Python
from harness.programs import collect


@dataclass(frozen=True)
class Micro:
    """Programs that each print the same names.

    `programs` maps a column to a command. `printed` maps a printed name to its row, or to several
    rows that differ in their bars.
    """

    name: str
    programs: dict
    printed: dict
    # Rows of another subject that also show the peers' values; there, ours is measured differently.
    also: dict = field(default_factory=dict)
    rounds: int = 5
    # Python is far from most bars, so one round is enough.
    python_rounds: int = 1
    one_core: bool = False
    timeout: int = 120  # seconds for each program

    @property
    def rows(self):
        return [row for name in self.printed for row in self._rows_of(name)]

    def steps(self, run):
        return len(self._plan(run))

    def measure(self, run):
        for number, column, command in self._plan(run):
            run.progress.step(self.name, f"round {number + 1} of {self._rounds(run)}, {column}")
            measured = collect(command, core=1 if self.one_core else None, timeout=self.timeout)
            for name, value in measured.items():
                for row in self._rows_of(name):
                    run.samples.add(row, column, number, value)
                if name in self.also and column != OURS:
                    run.samples.add(self.also[name], column, number, value)

    def _rows_of(self, name):
        rows = self.printed.get(name, ())
        return rows if isinstance(rows, tuple) else (rows,)

    def _rounds(self, run):
        return 1 if run.quick else self.rounds

    def _plan(self, run):
        plan = []
        for number in range(self._rounds(run)):
            for column, program in self.programs.items():
                command = run.programs.command(program)
                if command and (number < self.python_rounds or not isinstance(program, Python)):
                    plan.append((number, column, command))
        return plan
