"""Programs that run on asyncio's loop and on hocket's, and must log the same calls."""

import asyncio
import contextlib
import functools
import gc
import socket
import struct
import warnings
from asyncio import selector_events

import hocket

if "is_reading" not in vars(selector_events._SelectorTransport):
    # Python 3.11.2's transports, Debian 12's, read although connection_made() has paused them. Later ones do this:

    def _add_reader(transport, fd, callback, *args):
        if transport.is_reading():
            transport._loop._add_reader(fd, callback, *args)

    selector_events._SelectorSocketTransport._add_reader = _add_reader

LIMIT = 20  # seconds for each program; one that takes longer hangs


class Log(list):
    """The calls of one program, in their order."""

    def __call__(self, *words):
        self.append(words)

    def failure(self, loop, context):
        """An exception handler of a loop."""
        message = context["message"].replace("_SelectorSocketTransport", "SocketTransport")
        if message.startswith("Exception in callback"):
            message = message.partition("(")[0]  # the arguments are the transport
        words = [message]
        if context.get("exception") is not None:
            words.append(repr(context["exception"]))
        words += sorted(key for key in context if key in ("transport", "protocol"))
        self("reported", *words)


class Recorder(asyncio.Protocol):
    """Logs each call, then runs the method that the test gives it for the call."""

    def __init__(self, log, loop=None, **reactions):
        self.log, self.reactions = log, reactions
        self.transport = None
        self.lost = asyncio.get_running_loop().create_future()

    def _called(self, name, *words):
        self.log(name, *words)
        if reaction := self.reactions.get(name):
            return reaction(self)

    def connection_made(self, transport):
        self.transport = transport
        self._called("connection_made")

    def data_received(self, data):
        self._called("data_received", type(data).__name__, bytes(data))

    def eof_received(self):
        return self._called("eof_received")

    def pause_writing(self):
        self._called("pause_writing")

    def resume_writing(self):
        self._called("resume_writing")

    def connection_lost(self, exc):
        try:
            self._called("connection_lost", type(exc).__name__)
        finally:
            if not self.lost.done():
                self.lost.set_result(None)


class Buffered(Recorder, asyncio.BufferedProtocol):
    room = None

    def get_buffer(self, sizehint):
        self.log("get_buffer", sizehint)
        if self.room is None:
            self.room = bytearray(100)
        return self.reactions["buffer"](self) if "buffer" in self.reactions else self.room

    def buffer_updated(self, count):
        self._called("buffer_updated", count, bytes(self.room[:count]))


async def pair(log, *reactions, kind=Recorder, family="tcp", **more):
    """A protocol on a new connection, and the blocking socket that is its peer."""
    loop = asyncio.get_running_loop()
    if family == "unix":
        ours, peer = socket.socketpair()
    else:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            peer = socket.create_connection(listening.getsockname())
            ours, _ = listening.accept()
    ours.setblocking(False)
    transport, protocol = await loop.create_connection(lambda: kind(log, **more), sock=ours)
    peer.settimeout(LIMIT)
    return protocol, peer


def reset(peer):
    """Closes the connection so that the other end gets ECONNRESET."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


async def turns(count=5):
    """Lets what happened arrive. Loopback delivers at once, and each turn asks the kernel or comes soon after."""
    for _ in range(count):
        await asyncio.sleep(0.002)


def raising(error):
    def reaction(protocol):
        raise error

    return reaction


def run_on(factory, program, debug=False):
    log = Log()
    loop = factory()
    loop.set_debug(debug)
    loop.set_exception_handler(log.failure)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            loop.run_until_complete(asyncio.wait_for(program(log), LIMIT))
            gc.collect()
            loop.run_until_complete(asyncio.sleep(0))
        finally:
            loop.close()
            gc.collect()
    for warning in caught:
        log("warned", warning.category.__name__)
    return log


def same_on_both(function):
    """The test is a coroutine function that logs what happens."""

    @functools.wraps(function)
    def test(self):
        program = functools.partial(function, self)
        expected = run_on(asyncio.SelectorEventLoop, program)
        self.assertEqual(run_on(hocket.new_event_loop, program), expected)
        self.assertTrue(expected, "the program logs nothing")
        # In debug mode, transports run as handles, and asyncio checks more.
        self.assertEqual(run_on(hocket.new_event_loop, program, debug=True), expected)

    return test


def receive_all(peer):
    received = bytearray()
    with contextlib.suppress(OSError):
        while data := peer.recv(1 << 20):
            received += data
    return received
