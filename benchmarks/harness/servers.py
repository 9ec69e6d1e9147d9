"""Runs servers: each is a process on one core, with its load on another core."""

import contextlib
import socket
import subprocess
import tempfile
import time

from harness.model import BY_HAND, OURS
from harness.programs import collect, on_core
from harness.progress import log

SERVER_CORE = 0
LOAD_CORE = 1


class Server:
    """A running server. Any number may run at once, because only the one under load uses CPU time."""

    def __init__(self, command, port, core=SERVER_CORE):
        self.port = port
        self._output = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            command,
            stdout=self._output,
            stderr=self._output,
            preexec_fn=on_core(core),
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
        log(f"{' '.join(self.command)} does not listen: {said or 'no output'}")
        return False

    def stop(self, seconds=5):
        self.process.terminate()
        try:
            self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._output.seek(0)
        self.said = self._output.read().decode(errors="replace")
        self._output.close()


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running(commands, listens=True, core=SERVER_CORE, start_seconds=10, stop_seconds=5):
    """Starts the servers in {key: function of a port that returns a command} and yields {key: Server}.
    If `listens`, leaves out servers that do not accept connections. With `core` None they may run on
    any core. A server that does not end within `stop_seconds` is killed."""
    servers = {}
    try:
        for key, command in commands.items():
            port = _free_port()
            server = Server(command(port), port, core)
            servers[key] = server
            if listens and not server.wait_until_listening(start_seconds):
                servers.pop(key).stop(stop_seconds)
        yield servers
    finally:
        for server in servers.values():
            server.stop(stop_seconds)


def rounds_of(column, quick):
    if quick:
        return 1
    # The bars are ratios of ours to the hand-written server, so those two get the most rounds.
    return {OURS: 9, BY_HAND: 9, "Asio": 3, "libuv": 3}.get(column, 1)


def ping_pong(
    run,
    server,
    connections,
    message,
    program="load_ping_pong",
    core=LOAD_CORE,
    threads=None,
    seconds=0.5,
):
    """The server's costs as measured by load/ping_pong.cpp: {"cpu": ns per message, "rate": messages
    per second}."""
    command = run.programs.command(program) + [str(server.port), str(server.pid)]
    length = 0.3 if run.quick else seconds
    command += [str(connections), str(length), message, *([str(threads)] if threads else [])]
    return collect(command, core=core)
