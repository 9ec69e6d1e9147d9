"""A load that gives a server the same work in the same order in every run."""

import os
import resource
import selectors
import signal
import socket
import time

_SECONDS = 60  # for each step of a server that runs fifty times slower than usual
_SPARE_DESCRIPTORS = 256


class LoadError(Exception):
    """The server stayed silent, ended, or answered something else."""


class Lockstep:
    """Connections that each have one message in flight. In a round, the server is stopped (SIGSTOP)
    while every connection sends one. It therefore finds all of them ready at once, as a server does that
    is slower than its clients, and how many it finds does not depend on time."""

    def __init__(self, server, connections, size):
        self._server = server
        self._message = bytes(ord("a") + place % 26 for place in range(size))
        self._sockets = []
        self._answers = selectors.DefaultSelector()
        try:
            for _ in range(connections):
                self._connect()
            self._wait_until("S")
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        self._answers.close()
        for client in self._sockets:
            client.close()

    def round(self):
        """Every connection sends a message and receives it. Returns when the server is asleep again."""
        os.kill(self._server.pid, signal.SIGSTOP)
        try:
            self._wait_until("T")
            for client in self._sockets:
                client.sendall(self._message)
        finally:
            os.kill(self._server.pid, signal.SIGCONT)
        self._receive_all()
        self._wait_until("S")

    def _connect(self):
        # One after the other, each with a first message: they are accepted in this order.
        client = socket.create_connection(("127.0.0.1", self._server.port), timeout=_SECONDS)
        self._sockets.append(client)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sendall(self._message)
        received = b""
        while len(received) < len(self._message):
            received += self._receive(client)
        self._check(received)
        self._answers.register(client, selectors.EVENT_READ)

    def _receive_all(self):
        received = dict.fromkeys(self._sockets, b"")
        missing = len(received)
        end = time.monotonic() + _SECONDS
        while missing:
            if time.monotonic() > end:
                raise LoadError(f"{missing} answers have not come after {_SECONDS} s")
            for key, _ in self._answers.select(timeout=1):
                client = key.fileobj
                received[client] += self._receive(client)
                if len(received[client]) >= len(self._message):
                    self._check(received[client])
                    missing -= 1

    def _receive(self, client):
        data = client.recv(65536)
        if not data:
            raise LoadError("the server closed the connection")
        return data

    def _check(self, received):
        if received != self._message:
            raise LoadError("the answer is not the one expected")

    def _wait_until(self, state):
        """Waits until the server is asleep ("S": it has done all its work) or stopped ("T")."""
        end = time.monotonic() + _SECONDS
        while _state_of(self._server.pid) != state:
            if self._server.process.poll() is not None:
                raise LoadError("the server has ended")
            if time.monotonic() > end:
                raise LoadError(f"the server is not in state {state} after {_SECONDS} s")
            time.sleep(0.001)


def _state_of(pid):
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0]


def allow_descriptors(connections):
    """Raises the limit of open files, for this process and the servers that it starts afterwards."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _SPARE_DESCRIPTORS
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise LoadError(f"{connections} connections need more open files than the limit of {hard}")
    # Also lowered: whatever the limit was, the server gets the same.
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
