"""One server on several loops: the cost of a message (to one loop), and how evenly they share."""

import json
from dataclasses import dataclass

from harness.model import BY_HAND, OURS, Bar, Row
from harness.servers import ping_pong, rounds_of, running

_PROGRAMS = {OURS: "hocket_serve_on", BY_HAND: "epoll_echo"}


@dataclass(frozen=True)
class Loops:
    """An echo server on `loops` loops, compared with the same server on one. Servers and load run on
    any core.

    A load with as many threads as loops keeps all loops as busy as one thread keeps one loop. With a
    load of one thread, the loops find less to do each time they wake up. That measures the cost of
    waking up and not of sharing; the same is true of the code written by hand.
    """

    name: str
    loops: int
    connections: int
    size: int
    limit: float  # for the CPU time (to one loop) and the spread (fullest to emptiest loop)

    @property
    def rows(self):
        return [*map(self._cost, self._cases), self._spread()]

    @property
    def _cases(self):
        """(threads of the load, loops)"""
        return [
            (self.loops, 1),
            (self.loops, self.loops),
            (1, self.loops),
        ]

    def steps(self, run):
        return sum(len(self._cases) * rounds_of(column, run.quick) for column in _PROGRAMS)

    def measure(self, run):
        commands = {}
        for column, name in _PROGRAMS.items():
            program = run.programs.command(name)
            if program is not None:
                for loops in (1, self.loops):
                    commands[column, loops] = lambda port, program=program, loops=loops: [
                        *program,
                        str(port),
                        str(loops),
                    ]
        with running(commands, core=None) as servers:
            for number in range(rounds_of(OURS, run.quick)):
                for threads, loops in self._cases:
                    for column in _PROGRAMS:
                        if (column, loops) in servers:
                            self._round(run, number, column, servers[column, loops], threads, loops)
        if (OURS, self.loops) in servers:
            counts = json.loads(servers[OURS, self.loops].said)["connections"]
            run.samples.add(self._spread(), OURS, 0, max(counts) / min(counts))

    def _round(self, run, number, column, server, threads, loops):
        step = f"round {number + 1}, {column}, {loops} loops, {threads} threads"
        run.progress.step(self.name, step)
        measured = ping_pong(
            run, server, self.connections, str(self.size), core=None, threads=threads
        )
        if measured:
            run.samples.add(self._cost((threads, loops)), column, number, measured["cpu"])

    def _cost(self, case):
        threads, loops = case
        title = f"{self.name}, {self.connections} × {self.size} B, {loops} loop{'s'[: loops - 1]}"
        if threads == 1:
            title += ", load of 1 thread"
            bar = Bar(self.limit, BY_HAND)
        else:
            bar = Bar(self.limit, self._cost((threads, 1)), "1 loop") if loops > 1 else None
        return Row(title, "ns CPU", bar, "median")

    def _spread(self):
        return Row(f"{self.name}, connections, most to fewest", "×", Bar(self.limit))
