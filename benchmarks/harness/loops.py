"""One server on several loops: what a message costs beside one loop, and how evenly they share."""

import json
from dataclasses import dataclass

from harness.model import OURS, Bar, Row
from harness.servers import ping_pong, rounds_of, running


@dataclass(frozen=True)
class Loops:
    """An echo server on so many loops against the same on one. Servers and load run on any core."""

    name: str
    loops: int
    connections: int
    size: int
    limit: float  # of CPU time against one loop, and of the fullest loop against the emptiest

    @property
    def rows(self):
        return [self._cost(1), self._cost(self.loops), self._spread()]

    def steps(self, run):
        return 2 * rounds_of(OURS, run.quick)

    def measure(self, run):
        program = run.programs.command("hocket_serve_on")
        if program is None:
            return
        commands = {
            loops: lambda port, loops=loops: [*program, str(port), str(loops)]
            for loops in (1, self.loops)
        }
        with running(commands, core=None) as servers:
            for number in range(rounds_of(OURS, run.quick)):
                for loops, server in servers.items():
                    run.progress.step(self.name, f"round {number + 1}, {loops} loops")
                    measured = ping_pong(run, server, self.connections, str(self.size), core=None)
                    if measured:
                        run.samples.add(self._cost(loops), OURS, number, measured["cpu"])
        if self.loops in servers:
            counts = json.loads(servers[self.loops].said)["connections"]
            run.samples.add(self._spread(), OURS, 0, max(counts) / min(counts))

    def _cost(self, loops):
        title = f"{self.name}, {self.connections} × {self.size} B, {loops} loop{'s'[: loops - 1]}"
        bar = Bar(self.limit, self._cost(1), "1 loop") if loops > 1 else None
        return Row(title, "ns CPU", bar, "median")

    def _spread(self):
        return Row(f"{self.name}, connections, most to fewest", "×", Bar(self.limit))
