"""TLS servers that receive one connection after the other."""

from dataclasses import dataclass

from harness.echo import names_of, places_of, server_commands
from harness.model import BY_HAND, OURS, Bar, Row
from harness.programs import collect
from harness.servers import LOAD_CORE, rounds_of, running

_SESSIONS = ["new", "resumed"]


@dataclass(frozen=True)
class Handshakes:
    """`kinds` is {kind: {column: program}}. The bar is `limit`, relative to "by hand"."""

    name: str
    kinds: dict
    limit: float

    @property
    def rows(self):
        return [self._row(kind, session) for kind in self.kinds for session in _SESSIONS]

    def steps(self, run):
        return len(self._plan(run))

    def measure(self, run):
        with running(server_commands(run, self.kinds, tls=True)) as servers:
            for session, number, program, places in self._plan(run):
                run.progress.step(self.name, f"{session}, round {number + 1}, {names_of(places)}")
                if program not in servers:
                    continue
                measured = _handshakes(run, servers[program], session)
                for kind, column in places if measured else []:
                    run.samples.add(self._row(kind, session), column, number, measured["cpu"])

    def _plan(self, run):
        return [
            (session, number, program, places)
            for session in _SESSIONS
            for number in range(rounds_of(OURS, run.quick))
            for program, places in places_of(self.kinds).items()
            if number < rounds_of(places[0][1], run.quick)
        ]

    def _row(self, kind, session):
        bar = Bar(self.limit, BY_HAND)
        return Row(f"{self.name}, {kind}, {session}", "µs CPU", bar, "median")


def _handshakes(run, server, session):
    """The server's cost as measured by load/tls_handshakes.cpp: {"cpu": µs per connection}."""
    command = run.programs.command("load_tls_handshakes") + [str(server.port), str(server.pid)]
    seconds = "0.3" if run.quick else "0.5"
    return collect([*command, seconds, session], core=LOAD_CORE)
