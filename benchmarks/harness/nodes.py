"""Benchmarks on a running cluster of two nodes, in network namespaces of this machine."""

import os
import pathlib
import sys
from dataclasses import dataclass

from harness.model import OURS, Python
from harness.programs import collect
from harness.progress import log

ROOT = pathlib.Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Nodes:
    """Every round starts a cluster, on which our program and the peer's run one after the other. `printed` maps a
    printed name to its row; the peer prints the name with "peer_" before it."""

    name: str
    engine: str  # "ray", "dask"
    peer: str  # the column
    printed: dict
    rounds: int = 3

    @property
    def rows(self):
        return list(self.printed.values())

    def steps(self, run):
        return self._rounds(run) if self._command(run) else 0

    def measure(self, run):
        if os.geteuid() != 0:
            log(f"{self.name}: left out, because only root may make network namespaces")
            return
        command = self._command(run)
        for number in range(self._rounds(run) if command else 0):
            run.progress.step(self.name, f"round {number + 1} of {self._rounds(run)}")
            measured = collect(command, timeout=300)
            for name, row in self.printed.items():
                for column, printed in ((OURS, name), (self.peer, f"peer_{name}")):
                    if printed in measured:
                        run.samples.add(row, column, number, measured[printed])

    def _rounds(self, run):
        return 1 if run.quick else self.rounds

    def _command(self, run):
        python = ROOT / "build" / "cluster" / self.engine / "bin" / "python"
        ours = run.programs.command(f"hocket_cluster_nodes_{self.engine}")
        peer = run.programs.command(Python("clusters.py", (self.engine, "nodes")))
        if ours is None or not python.exists():
            return None
        script = ROOT / "tests" / "cluster" / "two_nodes.py"
        return [sys.executable, str(script), "--pinned", self.engine, str(python), *ours, "--", *peer]
