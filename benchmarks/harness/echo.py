"""Echo servers: under load, and with idle connections."""

from dataclasses import dataclass
from functools import partial

from harness.model import BY_HAND, OURS, Bar, Row
from harness.programs import collect
from harness.servers import LOAD_CORE, ping_pong, rounds_of, running


@dataclass(frozen=True)
class Load:
    """The number of connections, and the bytes of a message."""

    connections: int
    size: int

    @property
    def title(self):
        size = f"{self.size} B" if self.size < 1024 else f"{self.size // 1024} KiB"
        return f"{self.connections} × {size}"


@dataclass(frozen=True)
class Echo:
    """`kinds` is {kind: {column: program}}. The bar of a kind is its limit, relative to "by hand"."""

    name: str
    kinds: dict
    limits: dict
    loads: list
    load_program: str = "load_ping_pong"
    # A datagram server has no connections, so its load repeats requests until it answers.
    listens: bool = True
    tls: bool = False

    @property
    def rows(self):
        cases = [(kind, load) for kind in self.kinds for load in self.loads]
        return [self._cost(*case) for case in cases] + [self._rate(*case) for case in cases]

    def steps(self, run):
        return len(self._plan(run))

    def measure(self, run):
        with running(server_commands(run, self.kinds, self.tls), self.listens) as servers:
            for load, number, program, places in self._plan(run):
                run.progress.step(
                    self.name, f"{load.title}, round {number + 1}, {names_of(places)}"
                )
                if program not in servers:
                    continue
                message = str(load.size)
                measured = ping_pong(
                    run, servers[program], load.connections, message, self.load_program
                )
                for kind, column in places if measured else []:
                    run.samples.add(self._cost(kind, load), column, number, measured["cpu"])
                    run.samples.add(self._rate(kind, load), column, number, measured["rate"])

    def _plan(self, run):
        """[(load, round, program, [(kind, column) of its value])]. A program of both kinds is measured
        once."""
        plan = []
        for load in self.loads:
            for number in range(rounds_of(OURS, run.quick)):
                for program, places in places_of(self.kinds).items():
                    if number < rounds_of(places[0][1], run.quick):
                        plan.append((load, number, program, places))
        return plan

    def _cost(self, kind, load):
        bar = Bar(self.limits[kind], BY_HAND)
        return Row(f"{self.name}, {kind}, {load.title}", "ns CPU", bar, "median")

    def _rate(self, kind, load):
        title = f"{self.name}, {kind}, {load.title}"
        return Row(title, "msg/s", summary="median", more_is_better=True)


@dataclass(frozen=True)
class Idle:
    """The memory of an idle connection; `bars` is {kind: Bar}."""

    name: str
    kinds: dict
    bars: dict
    connections: int
    load_program: str = "load_idle"
    tls: bool = False
    title: str = ""  # the name

    @property
    def rows(self):
        return [self._row(kind) for kind in self.kinds]

    def steps(self, run):
        return len(server_commands(run, self.kinds, self.tls))

    def measure(self, run):
        for program, command in server_commands(run, self.kinds, self.tls).items():
            places = places_of(self.kinds)[program]
            run.progress.step(self.name, names_of(places))
            with running({program: command}) as servers:
                for server in servers.values():
                    words = [str(server.port), str(server.pid), str(self.connections)]
                    load = run.programs.command(self.load_program) + words
                    measured = collect(load, core=LOAD_CORE, timeout=600)
                    for kind, column in places if measured else []:
                        run.samples.add(self._row(kind), column, 0, measured["idle"])

    def _row(self, kind):
        return Row(f"{self.title or self.name} connection, {kind}", "B", self.bars[kind])


def places_of(kinds):
    """{program: [(kind, column)]}: the table cells of each program's values."""
    places = {}
    for kind, columns in kinds.items():
        for column, program in columns.items():
            places.setdefault(program, []).append((kind, column))
    return places


def names_of(places):
    return " / ".join(f"{kind}, {column}" for kind, column in places)


def server_commands(run, kinds, tls):
    """{program: function of a port that returns its command}, for the programs that exist."""
    found = {program: run.programs.command(program) for program in places_of(kinds)}
    certificate = [run.certificate.path] if tls else []
    return {
        program: partial(_with_port, words, certificate)
        for program, words in found.items()
        if words
    }


def _with_port(words, certificate, port):
    return [*words, str(port), *certificate]
