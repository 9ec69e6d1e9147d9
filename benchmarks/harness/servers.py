"""Measuring servers: each is a process on one core, its load comes from another core."""

import contextlib
import pathlib
import socket
import subprocess
import tempfile
import time

from harness.programs import collect, log, on_core
from harness.rows import (
    BY_HAND,
    ECHO_SERVERS,
    HTTP_SERVERS,
    IDLE_CONNECTIONS,
    LOADS,
    OURS,
    echo_key,
    idle_key,
    rate_key,
)

SERVER_CORE = 0
LOAD_CORE = 1
TARGET = "/hello.txt"


class Server:
    """A running server. Any number may run at once: only the one under load costs CPU time."""

    def __init__(self, command, port):
        self.port = port
        self._output = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            command,
            stdout=self._output,
            stderr=self._output,
            preexec_fn=on_core(SERVER_CORE),
        )
        self.pid = self.process.pid
        self.command = command

    def wait_until_listening(self, seconds=10):
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return True
            time.sleep(0.02)
        self._output.seek(0)
        said = self._output.read().decode(errors="replace").strip()
        log(f"  {' '.join(self.command)} does not listen: {said or 'no output'}")
        return False

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._output.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running(commands):
    """{key: function of a port that gives a command}: starts them all, yields {key: Server}."""
    servers = {}
    try:
        for key, command in commands.items():
            port = free_port()
            server = Server(command(port), port)
            servers[key] = server
            if not server.wait_until_listening():
                servers.pop(key).stop()
        yield servers
    finally:
        for server in servers.values():
            server.stop()


def _rounds(column, quick):
    if quick:
        return 1
    # The bars are ratios of ours to the hand-written server: those two get the most rounds.
    return {OURS: 9, BY_HAND: 9, "Asio": 3, "libuv": 3}.get(column, 1)


def _ping_pong(programs, server, connections, message, quick):
    command = [programs.find("load_ping_pong"), str(server.port), str(server.pid)]
    return collect([*command, str(connections), "0.3" if quick else "0.5", message], core=LOAD_CORE)


def _echo_commands(programs):
    """{words of ECHO_SERVERS: command}: a server that stands in both kinds is started once."""
    commands = {}
    for columns in ECHO_SERVERS.values():
        for column, words in columns.items():
            command = programs.server(column, words)
            if command:
                commands[tuple(words)] = lambda port, command=command: _with_port(command, port)
    return commands


def _with_port(command, port):
    # server.py takes its kind before the port and options after; the others take the port alone.
    options = [word for word in command[1:] if word.startswith("--")]
    return [word for word in command if word not in options] + [str(port), *options]


def measure_echo(programs, samples, quick):
    with running(_echo_commands(programs)) as servers:
        for load in LOADS:
            rounds = max(_rounds(column, quick) for column in (OURS, BY_HAND))
            for number in range(rounds):
                measured = {}
                for kind, columns in ECHO_SERVERS.items():
                    for column, words in columns.items():
                        server = servers.get(tuple(words))
                        if server is None or number >= _rounds(column, quick):
                            continue
                        if tuple(words) not in measured:
                            measured[tuple(words)] = _ping_pong(
                                programs, server, load.connections, str(load.size), quick
                            )
                        printed = measured[tuple(words)]
                        if printed:
                            samples.add(echo_key(kind, load), column, number, printed["cpu"])
                            samples.add(rate_key(kind, load), column, number, printed["rate"])
                log(f"  echo {load.title}: round {number + 1} of {rounds}")


def measure_idle(programs, samples, _quick):
    for words, command in _echo_commands(programs).items():
        with running({words: command}) as servers:
            for server in servers.values():
                arguments = [str(server.port), str(server.pid), str(IDLE_CONNECTIONS)]
                printed = collect([programs.find("load_idle"), *arguments], core=LOAD_CORE)
                for kind, columns in ECHO_SERVERS.items():
                    for column, peer_words in columns.items():
                        if tuple(peer_words) == words and printed:
                            samples.add(idle_key(kind), column, 0, printed["idle"])
        log(f"  idle: {words[0]} {' '.join(words[1:])}".rstrip())


def measure_http(programs, samples, quick):
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, TARGET[1:]).write_text("hello, world\n", encoding="ascii")
        length = _answer_bytes(programs, folder)
        commands = {}
        for column, words in HTTP_SERVERS.items():
            command = programs.server(column, words)
            if command is None:
                continue
            if column == OURS:
                commands[column] = lambda port, command=command: _serve(command, folder, port)
            elif words[0] == "server.py":
                commands[column] = lambda port, command=command: [
                    *_with_port(command, port),
                    f"--answer-bytes={length}",
                ]
            else:
                commands[column] = lambda port, command=command: [*command, str(port), str(length)]
        with running(commands) as servers:
            rounds = _rounds(OURS, quick)
            for number in range(rounds):
                for column, server in servers.items():
                    if number >= _rounds(column, quick):
                        continue
                    printed = _ping_pong(programs, server, 64, TARGET, quick)
                    if printed:
                        samples.add("http", column, number, printed["cpu"])
                        samples.add("http_rate", column, number, printed["rate"])
                log(f"  http: round {number + 1} of {rounds}")


def _serve(command, folder, port):
    return [*command, folder, "--port", str(port), "--delay", "0ms"]


def _answer_bytes(programs, folder):
    """How long serve's answer is, head and all; the peers answer with as much."""
    command = programs.server(OURS, HTTP_SERVERS[OURS])
    if command:
        with running({OURS: lambda port: _serve(command, folder, port)}) as servers:
            for server in servers.values():
                probe = [programs.find("load_http_answer_bytes"), str(server.port), TARGET]
                done = subprocess.run(probe, stdout=subprocess.PIPE, text=True, timeout=30)
                if done.returncode == 0:
                    return int(done.stdout)
    return 200
