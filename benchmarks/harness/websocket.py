"""A WebSocket echo server, and our stream echo beside it."""

from dataclasses import dataclass

from harness.model import OURS, Bar, Python, Row
from harness.servers import ping_pong, rounds_of, running

_CONNECTIONS = 64
_SIZE = "125"


@dataclass(frozen=True)
class WebSocketEcho:
    name: str
    servers: dict  # {column: program}
    plain: str  # our echo of bytes

    @property
    def plain_cost(self):
        return Row(f"stream echo, {_CONNECTIONS} × {_SIZE} B", "ns CPU", summary="median")

    @property
    def cost(self):
        bar = Bar(1.2, self.plain_cost, "the stream echo")
        return Row(f"WebSocket echo, {_CONNECTIONS} × {_SIZE} B", "ns CPU", bar, "median")

    @property
    def rows(self):
        return [self.cost, self.plain_cost]

    def steps(self, run):
        return sum(rounds_of(column, run.quick) for column in self.servers) + rounds_of(OURS, run.quick)

    def measure(self, run):
        commands = {}
        for column, program in {**self.servers, self.plain: self.plain}.items():
            words = run.programs.command(program)
            if words and isinstance(program, Python):
                words[0] = "/usr/bin/python3"  # which has Debian's packages
            if words:
                commands[column] = lambda port, words=words: [*words, str(port)]
        with running(commands) as servers:
            for number in range(rounds_of(OURS, run.quick)):
                for column, server in servers.items():
                    is_plain = column == self.plain
                    if number >= rounds_of(OURS if is_plain else column, run.quick):
                        continue
                    run.progress.step(self.name, f"round {number + 1}, {column}")
                    load = "load_ping_pong" if is_plain else "load_websocket_ping_pong"
                    measured = ping_pong(run, server, _CONNECTIONS, _SIZE, load)
                    if measured:
                        row = self.plain_cost if is_plain else self.cost
                        run.samples.add(row, OURS if is_plain else column, number, measured["cpu"])
