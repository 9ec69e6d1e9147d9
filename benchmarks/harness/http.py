"""HTTP servers that answer the same request with the same number of bytes."""

import pathlib
import subprocess
import tempfile
from dataclasses import dataclass

from harness.model import BY_HAND, OURS, Bar, Python, Row
from harness.servers import ping_pong, rounds_of, running

_TARGET = "/hello.txt"
_CONNECTIONS = 64


@dataclass(frozen=True)
class Http:
    name: str
    servers: dict  # {column: program}

    @property
    def cost(self):
        title = f"HTTP hello, {_CONNECTIONS} connections"
        return Row(title, "ns CPU", Bar(1.10, BY_HAND), "median")

    @property
    def rate(self):
        return Row(self.cost.title, "req/s", summary="median", more_is_better=True)

    @property
    def rows(self):
        return [self.cost, self.rate]

    def steps(self, run):
        return sum(rounds_of(column, run.quick) for column in self._found(run))

    def measure(self, run):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, _TARGET[1:]).write_text("hello, world\n", encoding="ascii")
            with running(self._commands(run, folder)) as servers:
                for number in range(rounds_of(OURS, run.quick)):
                    for column, server in servers.items():
                        if number < rounds_of(column, run.quick):
                            self._measure_once(run, server, column, number)

    def _measure_once(self, run, server, column, number):
        run.progress.step(self.name, f"round {number + 1}, {column}")
        measured = ping_pong(run, server, _CONNECTIONS, _TARGET)
        if measured:
            run.samples.add(self.cost, column, number, measured["cpu"])
            run.samples.add(self.rate, column, number, measured["rate"])

    def _found(self, run):
        found = {column: run.programs.command(program) for column, program in self.servers.items()}
        return {column: words for column, words in found.items() if words}

    def _commands(self, run, folder):
        """{column: function of a port that returns a command}."""
        found = self._found(run)
        commands = {}
        if OURS in found:
            serve = [*found[OURS], folder, "--delay", "0ms", "--port"]
            commands[OURS] = lambda port: [*serve, str(port)]
        length = _answer_bytes(run, commands.get(OURS))
        for column, words in found.items():
            if column == OURS:
                continue
            option = "--answer-bytes=" if isinstance(self.servers[column], Python) else ""
            answer = f"{option}{length}"
            commands[column] = lambda port, words=words, answer=answer: [*words, str(port), answer]
        return commands


def _answer_bytes(run, serve):
    """The length of serve's answer, including the head. The peers send as many bytes."""
    if serve:
        with running({OURS: serve}) as servers:
            for server in servers.values():
                probe = run.programs.command("load_http_answer_bytes")
                done = subprocess.run(
                    [*probe, str(server.port), _TARGET],
                    stdout=subprocess.PIPE,
                    text=True,
                    timeout=30,
                )
                if done.returncode == 0:
                    return int(done.stdout)
    return 200
