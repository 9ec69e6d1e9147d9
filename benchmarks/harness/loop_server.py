"""Servers in Python on several event loops, under load from one C++ program."""

from dataclasses import dataclass

from harness.echo import names_of, places_of, server_commands
from harness.model import Row
from harness.servers import ping_pong, running


@dataclass(frozen=True)
class LoopServer:
    """The CPU time of one server for a message. `programs` is {column: program}; each of the `bars` makes a row.

    The message is a number of bytes that are echoed, or the target of an HTTP request.
    """

    name: str
    title: str
    programs: dict
    connections: int
    message: str
    bars: tuple
    rounds: int = 7
    load_program: str = "load_ping_pong"
    tls: bool = False

    @property
    def rows(self):
        return [Row(self.title, "ns CPU", bar, "median") for bar in self.bars]

    def steps(self, run):
        return self._rounds(run) * len(server_commands(run, self._kinds, self.tls))

    def measure(self, run):
        # In turns, so that noise of the machine is everybody's.
        with running(server_commands(run, self._kinds, self.tls)) as servers:
            for number in range(self._rounds(run)):
                for program, places in places_of(self._kinds).items():
                    if program in servers:
                        run.progress.step(self.name, f"round {number + 1}, {names_of(places)}")
                        self._round(run, servers[program], number, places)

    def _round(self, run, server, number, places):
        measured = ping_pong(run, server, self.connections, self.message, self.load_program)
        for _, column in places if measured else []:
            for row in self.rows:
                run.samples.add(row, column, number, measured["cpu"])

    @property
    def _kinds(self):
        return {self.title: self.programs}

    def _rounds(self, run):
        return 1 if run.quick else self.rounds
