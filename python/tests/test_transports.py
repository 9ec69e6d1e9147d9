"""Transports of TCP and Unix sockets: each program runs on asyncio's loop and on hocket's, and must log the same calls."""

import asyncio
import contextlib
import contextvars
import functools
import gc
import os
import resource
import socket
import struct
import sys
import unittest
import warnings
import weakref

import hocket

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


class Calls(unittest.TestCase):
    maxDiff = None

    @same_on_both
    async def test_a_conversation(self, log):
        for family in ("tcp", "unix"):
            protocol, peer = await pair(log, family=family)
            peer.sendall(b"question")
            await turns()
            protocol.transport.write(b"answer")
            log(peer.recv(100))
            protocol.transport.writelines([b"a", bytearray(b"b"), memoryview(b"c")])
            log(peer.recv(100))
            peer.close()
            await protocol.lost
            log(protocol.transport.is_closing(), protocol.transport.get_protocol())

    @same_on_both
    async def test_exceptions_in_every_method(self, log):
        for name in ("connection_made", "data_received", "eof_received", "connection_lost"):
            for error in (RuntimeError("wrong"), OSError(5, "wrong")):
                protocol, peer = await pair(log, **{name: raising(error)})
                peer.sendall(b"x")
                await turns()
                with contextlib.suppress(OSError):
                    peer.shutdown(socket.SHUT_WR)
                await protocol.lost
                await turns(1)
                peer.close()

    @same_on_both
    async def test_exceptions_in_flow_control(self, log):
        for name in ("pause_writing", "resume_writing"):
            protocol, peer = await pair(log, **{name: raising(RuntimeError("wrong"))})
            protocol.transport.write(bytes(20_000_000))
            log(protocol.transport.get_write_buffer_size() > 0)
            protocol.transport.close()
            await asyncio.to_thread(receive_all, peer)
            await protocol.lost
            peer.close()

    @same_on_both
    async def test_closing_and_aborting_within_each_call(self, log):
        for name in ("connection_made", "data_received", "eof_received", "connection_lost"):
            for method in ("close", "abort", "pause_reading", "resume_reading", "write_eof"):
                log("---", name, method)
                call = lambda protocol: getattr(protocol.transport, method)()
                protocol, peer = await pair(log, **{name: call})
                with contextlib.suppress(OSError):
                    peer.sendall(b"x")
                    await turns()
                    peer.shutdown(socket.SHUT_WR)
                await turns()
                protocol.transport.close()
                await protocol.lost
                peer.close()

    @same_on_both
    async def test_closing_and_aborting_in_pause_writing(self, log):
        for method in ("close", "abort"):
            protocol, peer = await pair(log, pause_writing=lambda p: getattr(p.transport, method)())
            protocol.transport.write(bytes(20_000_000))
            log(protocol.transport.get_write_buffer_size() > 0, protocol.transport.is_closing())
            await asyncio.to_thread(receive_all, peer)
            await protocol.lost
            peer.close()

    @same_on_both
    async def test_a_peer_that_resets(self, log):
        async def before_reading():
            protocol, peer = await pair(log)
            reset(peer)
            await protocol.lost

        async def while_paused():
            protocol, peer = await pair(log)
            protocol.transport.pause_reading()
            reset(peer)
            await turns()
            log("paused", protocol.transport.is_closing())
            protocol.transport.resume_reading()
            await protocol.lost

        async def with_a_full_queue():
            protocol, peer = await pair(log)
            protocol.transport.write(bytes(20_000_000))
            reset(peer)
            await protocol.lost
            log(protocol.transport.get_write_buffer_size())

        async def before_a_write():
            protocol, peer = await pair(log, connection_lost=lambda p: p.transport.write(b"late"))
            protocol.transport.pause_reading()
            reset(peer)
            await turns()
            for _ in range(10):
                protocol.transport.write(b"x")
            await protocol.lost

        async def after_eof():
            protocol, peer = await pair(log, eof_received=lambda p: True)
            peer.shutdown(socket.SHUT_WR)
            await turns()
            reset(peer)
            protocol.transport.write(b"x")
            await turns()
            protocol.transport.write(b"x")
            protocol.transport.close()
            await protocol.lost

        for scene in (before_reading, while_paused, with_a_full_queue, before_a_write, after_eof):
            log(scene.__name__)
            await scene()

    @same_on_both
    async def test_half_closed_connections(self, log):
        protocol, peer = await pair(log, eof_received=lambda p: True)
        peer.sendall(b"all")
        peer.shutdown(socket.SHUT_WR)
        await turns()
        log(protocol.transport.is_closing(), protocol.transport.is_reading())
        protocol.transport.write(b"x" * 3_000_000)
        protocol.transport.write_eof()
        protocol.transport.write_eof()
        try:
            protocol.transport.write(b"")
        except RuntimeError as error:
            log(str(error))
        log(len(await asyncio.to_thread(receive_all, peer)))
        log(protocol.transport.is_closing())
        protocol.transport.close()
        await protocol.lost
        peer.close()

    @same_on_both
    async def test_wrong_arguments(self, log):
        protocol, peer = await pair(log)
        transport = protocol.transport
        for wrong in (None, "text", 5, [b"x"], bytearray, object()):
            try:
                transport.write(wrong)
            except TypeError as error:
                log(str(error))
        for limits in (dict(high=1, low=2), dict(low=-1), dict(high=-1)):
            try:
                transport.set_write_buffer_limits(**limits)
            except ValueError as error:
                log(str(error))
        transport.write(b"")
        transport.writelines([])
        transport.write(memoryview(b"abcdef")[::2])  # no bytes to send: asyncio closes
        log(transport.is_closing())
        await protocol.lost
        peer.close()

    @same_on_both
    async def test_write_buffer_limits(self, log):
        protocol, peer = await pair(log)
        transport = protocol.transport
        for limits in ({}, dict(high=100), dict(low=100), dict(high=0), dict(high=7, low=7)):
            transport.set_write_buffer_limits(**limits)
            log(transport.get_write_buffer_limits())
        transport.set_write_buffer_limits(high=0)
        transport.write(bytes(20_000_000))
        size = transport.get_write_buffer_size()
        transport.write(b"12345")
        log(transport.get_write_buffer_size() - size)
        transport.set_write_buffer_limits(high=40_000_000, low=30_000_000)
        transport.write(b"x")
        transport.close()
        log(len(await asyncio.to_thread(receive_all, peer)))
        await protocol.lost
        peer.close()

    @same_on_both
    async def test_what_is_written_may_change_afterwards(self, log):
        protocol, peer = await pair(log)
        buffers = [bytearray(b"a" * 10_000_000) for _ in range(2)]
        protocol.transport.write(b"." * 5_000_000)
        protocol.transport.write(bytes(buffers[0]))
        protocol.transport.write(memoryview(bytes(buffers[1])))
        protocol.transport.close()
        received = await asyncio.to_thread(receive_all, peer)
        log(received == b"." * 5_000_000 + b"a" * 20_000_000)
        await protocol.lost
        peer.close()

    @same_on_both
    async def test_order_of_many_writes(self, log):
        protocol, peer = await pair(log)
        expected = []
        for i in range(5000):
            expected.append(b"%d," % i * (i % 300))
            if i % 3:
                protocol.transport.write(expected[-1])
            else:
                protocol.transport.writelines([expected[-1], b"", b"|"])
                expected.append(b"|")
        protocol.transport.close()
        log(await asyncio.to_thread(receive_all, peer) == b"".join(expected))
        await protocol.lost
        peer.close()

    @same_on_both
    async def test_a_protocol_that_is_replaced_in_data_received(self, log):
        def replace(protocol):
            second = kind(log, connection_lost=lambda p: log("second's"))
            second.transport = protocol.transport
            protocol.transport.set_protocol(second)
            second.lost = protocol.lost

        for kind in (Recorder, Buffered):
            protocol, peer = await pair(log, data_received=replace)
            peer.sendall(b"first")
            await turns()
            peer.sendall(b"second")
            await turns()
            peer.close()
            await protocol.lost

    @same_on_both
    async def test_buffered_protocols(self, log):
        protocol, peer = await pair(log, kind=Buffered)
        peer.sendall(b"x" * 250)
        await turns(10)
        peer.close()
        await protocol.lost

    @same_on_both
    async def test_buffers_that_are_wrong(self, log):
        buffers = (b"", bytearray(), b"readonly", memoryview(b"readonly"), None, 5, "text")
        for buffer in buffers:
            protocol, peer = await pair(log, kind=Buffered, buffer=lambda p: buffer)
            peer.sendall(b"x")
            await protocol.lost
            peer.close()
        for reaction in (raising(RuntimeError("wrong")), lambda p: p.transport.abort() or p.room):
            protocol, peer = await pair(log, kind=Buffered, buffer=reaction)
            peer.sendall(b"x")
            await protocol.lost
            peer.close()
        protocol, peer = await pair(log, kind=Buffered, buffer_updated=raising(KeyError("wrong")))
        peer.sendall(b"x")
        await protocol.lost
        peer.close()

    @same_on_both
    async def test_a_buffer_of_one_byte(self, log):
        protocol, peer = await pair(log, kind=Buffered, buffer=lambda p: memoryview(p.room)[:1])
        peer.sendall(b"abc")
        await turns(10)
        peer.close()
        await protocol.lost

    @same_on_both
    async def test_pausing_before_data_arrives(self, log):
        protocol, peer = await pair(log, connection_made=lambda p: p.transport.pause_reading())
        peer.sendall(b"x")
        await turns()
        log("paused", protocol.transport.is_reading())
        protocol.transport.pause_reading()
        protocol.transport.resume_reading()
        protocol.transport.resume_reading()
        await turns()
        peer.close()
        await protocol.lost

    @same_on_both
    async def test_extra_information(self, log):
        protocol, peer = await pair(log)
        transport = protocol.transport
        log(transport.get_extra_info("peername") == peer.getsockname())
        log(transport.get_extra_info("sockname") == peer.getpeername())
        log(transport.get_extra_info("socket").fileno() == transport._sock_fd)
        log(transport.get_extra_info("sslcontext"), transport.get_extra_info("nothing", 5))
        log(sorted(transport._extra))
        transport.close()
        await protocol.lost
        log(transport.get_extra_info("peername") == peer.getsockname())
        log(transport.get_extra_info("sockname") == peer.getpeername())
        log(transport.get_extra_info("socket").fileno(), transport._sock)
        peer.close()
        protocol, peer = await pair(log, family="unix")
        log([protocol.transport.get_extra_info(name) for name in ("peername", "sockname")])
        protocol.transport.close()
        await protocol.lost
        peer.close()

    @same_on_both
    async def test_descriptions(self, log):
        def describe():
            fd = f"fd={protocol.transport._sock_fd}"
            log(repr(protocol.transport).replace("_Selector", "").replace(fd, "fd"))

        protocol, peer = await pair(log)
        describe()
        protocol.transport.pause_reading()
        describe()
        protocol.transport.close()
        describe()
        await protocol.lost
        await turns(1)
        describe()
        peer.close()

    @same_on_both
    async def test_a_descriptor_of_a_transport_is_not_watched(self, log):
        loop = asyncio.get_running_loop()
        protocol, peer = await pair(log)
        fd = protocol.transport._sock_fd
        for method in (loop.add_reader, loop.add_writer):
            try:
                method(fd, print)
            except RuntimeError as error:
                log(str(error).partition("<")[0].replace(str(fd), "fd"))
        try:
            await loop.sock_recv(protocol.transport._sock, 1)
        except RuntimeError:
            log("refused")
        protocol.transport.close()
        await protocol.lost
        peer.close()

    @same_on_both
    async def test_a_socket_that_is_closed_behind_the_transport(self, log):
        protocol, peer = await pair(log)
        protocol.transport._sock.close()
        protocol.transport.write(b"for nobody")
        await protocol.lost
        peer.close()

    @same_on_both
    async def test_contexts(self, log):
        variable = contextvars.ContextVar("variable", default="none")
        variable.set("first")
        protocol, peer = await pair(
            log,
            data_received=lambda p: (log(variable.get()), variable.set("from data_received")),
            connection_lost=lambda p: log(variable.get()),
        )
        variable.set("second")
        peer.sendall(b"x")
        await turns()
        protocol.transport.pause_reading()
        protocol.transport.resume_reading()
        peer.sendall(b"y")
        await turns()
        variable.set("third")
        protocol.transport.close()
        await protocol.lost
        peer.close()

    @same_on_both
    async def test_an_unclosed_transport(self, log):
        protocol, peer = await pair(log)
        protocol.transport.pause_reading()
        gone = weakref.ref(protocol.transport)
        del protocol
        gc.collect()
        log(gone() is None)
        log(peer.recv(1))
        peer.close()

    @same_on_both
    async def test_a_transport_that_is_open_when_the_loop_closes(self, log):
        protocol, peer = await pair(log)
        protocol.peer = peer

    @same_on_both
    async def test_servers_wait_for_their_connections(self, log):
        loop = asyncio.get_running_loop()
        protocols = []
        server = await loop.create_server(lambda: protocols.append(Recorder(log)) or protocols[-1], "127.0.0.1", 0)
        peers = [socket.create_connection(server.sockets[0].getsockname()) for _ in range(2)]
        await turns()
        log(len(protocols))
        server.close()
        waiting = loop.create_task(server.wait_closed())
        await turns()
        for peer in peers:
            peer.close()
        await waiting
        for protocol in protocols:
            await protocol.lost
        log("closed")

    @unittest.skipIf(sys.version_info < (3, 13), "new in Python 3.13")
    @same_on_both
    async def test_servers_close_their_connections(self, log):
        loop = asyncio.get_running_loop()
        for method in ("close_clients", "abort_clients"):
            protocols = []
            server = await loop.create_server(
                lambda: protocols.append(Recorder(log)) or protocols[-1], "127.0.0.1", 0
            )
            peer = socket.create_connection(server.sockets[0].getsockname())
            await turns()
            server.close()
            getattr(server, method)()
            await server.wait_closed()
            await protocols[0].lost
            peer.close()

    @same_on_both
    async def test_streams(self, log):
        async def serve(reader, writer):
            while data := await reader.read(100_000):
                writer.write(data)
                await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname(), limit=1000)
        writer.write(b"line\nrest")
        log(await reader.readline(), await reader.readexactly(4))
        writer.write(bytes(5_000_000))  # more than fits: both ends pause
        await turns()
        log(reader._paused, writer.transport.is_reading())
        log(len(await reader.readexactly(5_000_000)), writer.transport.is_reading())
        writer.write_eof()
        log(await reader.read())
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()

    @same_on_both
    async def test_streams_that_are_replaced_in_part(self, log):
        class Reader(asyncio.StreamReader):
            def feed_data(self, data):
                log("fed", data)
                super().feed_data(data)

        loop = asyncio.get_running_loop()
        for patch in ("class", "reader", "protocol", "eof"):
            ours, peer = socket.socketpair()
            reader = (Reader if patch == "class" else asyncio.StreamReader)()
            protocol = asyncio.StreamReaderProtocol(reader)
            if patch == "reader":
                reader.feed_data = lambda data: log("patched", data)
            elif patch == "protocol":
                protocol.data_received = lambda data: log("patched", data)
            transport, _ = await loop.create_connection(lambda: protocol, sock=ours)
            if patch == "eof":
                reader.feed_eof()
            peer.sendall(b"x")
            await turns()
            log(patch, bytes(reader._buffer), transport.is_closing())
            transport.close()
            await turns()
            peer.close()

    @same_on_both
    async def test_a_stream_whose_reader_is_cancelled(self, log):
        ours, peer = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=ours)
        task = asyncio.create_task(reader.read(10))
        await turns(1)
        peer.sendall(b"kept")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        log(await reader.read(10))
        view = memoryview(reader._buffer)  # it cannot grow now
        peer.sendall(b"x")
        await turns()
        view.release()
        log(writer.is_closing())
        writer.close()
        with contextlib.suppress(Exception):
            await writer.wait_closed()
        peer.close()

    @same_on_both
    async def test_sendfile(self, log):
        loop = asyncio.get_running_loop()
        with open(os.path.realpath(sys.executable), "rb") as file:
            content = file.read()[:5_000_000]
            protocol, peer = await pair(log)
            protocol.transport.write(b"x" * 1_000_000)
            receiving = asyncio.create_task(asyncio.to_thread(receive_all, peer))
            sending = asyncio.create_task(loop.sendfile(protocol.transport, file, 0, len(content)))
            await asyncio.sleep(0)
            try:
                protocol.transport.write(b"not now")
            except RuntimeError as error:
                log(str(error))
            log(await sending == len(content))
            protocol.transport.close()
            log(await receiving == b"x" * 1_000_000 + content)
            await protocol.lost
            peer.close()


def receive_all(peer):
    received = bytearray()
    with contextlib.suppress(OSError):
        while data := peer.recv(1 << 20):
            received += data
    return received


class Ours(unittest.TestCase):
    """What asyncio's transports do not promise, or what only hocket's could get wrong."""

    def setUp(self):
        self.loop = hocket.new_event_loop()
        self.addCleanup(self.loop.close)
        self.log = Log()
        self.loop.set_exception_handler(self.log.failure)

    def run_program(self, program):
        return self.loop.run_until_complete(asyncio.wait_for(program, LIMIT))

    def test_the_type(self):
        async def program():
            protocol, peer = await pair(self.log)
            transport = protocol.transport
            self.assertEqual(type(transport).__module__, "hocket._hocket")
            self.assertIsInstance(transport, asyncio.Transport)
            transport.anything = 5  # as asyncio's has a __dict__
            self.assertEqual(transport.__dict__, {"anything": 5})
            transport.close()
            await protocol.lost
            peer.close()

        self.run_program(program())

    def test_keyboard_interrupt_ends_the_run_and_nothing_else(self):
        for error in (KeyboardInterrupt, SystemExit):

            async def connect():
                return await pair(self.log, data_received=raising(error()))

            protocol, peer = self.run_program(connect())
            peer.sendall(b"x")
            self.loop.call_later(LIMIT, self.loop.stop)
            with self.assertRaises(error):
                self.loop.run_forever()
            self.assertFalse(protocol.transport.is_closing())
            protocol.reactions.clear()
            peer.sendall(b"y")
            peer.close()
            self.run_program(asyncio.wait([protocol.lost]))
            self.assertIn(("data_received", "bytes", b"y"), self.log)

    def test_a_change_of_a_written_bytearray_does_not_reach_the_peer(self):
        async def program():
            protocol, peer = await pair(self.log)
            data = bytearray(b"a" * 10_000_000)
            protocol.transport.write(data)
            protocol.transport.writelines([data, memoryview(data)])
            data[:] = b"b" * len(data)
            data.clear()
            protocol.transport.close()
            received = await asyncio.to_thread(receive_all, peer)
            self.assertEqual(received, b"a" * 30_000_000)
            await protocol.lost
            peer.close()

        self.run_program(program())

    def test_bytes_are_kept_only_until_they_are_sent(self):
        async def program():
            protocol, peer = await pair(self.log)
            data = bytes(10_000_000)
            before = sys.getrefcount(data)
            protocol.transport.write(data)
            self.assertEqual(sys.getrefcount(data), before + 1)
            receiving = asyncio.create_task(asyncio.to_thread(receive_all, peer))
            while protocol.transport.get_write_buffer_size():
                await asyncio.sleep(0.001)
            self.assertEqual(sys.getrefcount(data), before)
            protocol.transport.write(data)
            protocol.transport.abort()
            self.assertEqual(sys.getrefcount(data), before)
            await receiving
            await protocol.lost
            peer.close()

        self.run_program(program())

    def test_a_cycle_of_transport_and_protocol_is_collected(self):
        async def program():
            protocol, peer = await pair(self.log)
            protocol.transport.pause_reading()
            peer.close()
            return weakref.ref(protocol.transport), weakref.ref(protocol)

        gone = self.run_program(program())
        with self.assertWarns(ResourceWarning):
            gc.collect()
        self.assertEqual([one() for one in gone], [None, None])

    def test_a_loop_that_is_dropped_with_open_transports_is_collected(self):
        loop = hocket.new_event_loop()
        protocol, peer = loop.run_until_complete(pair(self.log))
        gone = weakref.ref(loop), weakref.ref(protocol.transport)
        del loop, protocol
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()
            gc.collect()
        self.assertEqual([one() for one in gone], [None, None])
        self.assertEqual(peer.recv(1), b"")
        peer.close()

    def test_a_transport_outlives_its_loop(self):
        protocol, peer = self.run_program(pair(self.log))
        transport = protocol.transport
        with warnings.catch_warnings(record=True):
            self.loop.close()
        repr(transport)
        with self.assertRaisesRegex(RuntimeError, "Event loop is closed"):
            transport.close()
        transport.write(b"x")
        with warnings.catch_warnings(record=True):
            warnings.simplefilter("always")
            protocol.transport = transport = None
            gc.collect()
        peer.close()

    def test_memory_stays_flat(self):
        async def serve(reader, writer):
            writer.write(await reader.read(100))
            writer.close()

        async def connect(count):
            for _ in range(count):
                reader, writer = await asyncio.open_connection(*address)
                writer.write(b"x")
                await reader.read()
                writer.close()
                await writer.wait_closed()

        async def program():
            nonlocal address
            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            address = server.sockets[0].getsockname()
            await connect(2000)
            gc.collect()
            objects, memory = len(gc.get_objects()), resident()
            await connect(20_000)
            gc.collect()
            self.assertLess(len(gc.get_objects()) - objects, 200)
            self.assertLess(resident() - memory, 2_000_000)
            server.close()
            await server.wait_closed()

        address = None
        self.loop.run_until_complete(program())

    def test_accepting_goes_on_when_there_are_descriptors_again(self):
        async def program():
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            protocols = []
            server = await self.loop.create_server(
                lambda: protocols.append(Recorder(self.log)) or protocols[-1], "127.0.0.1", 0
            )
            peer = socket.socket()
            used = max(map(int, os.listdir("/proc/self/fd"))) + 1
            resource.setrlimit(resource.RLIMIT_NOFILE, (used, hard))
            held = []
            try:
                with contextlib.suppress(OSError):
                    while True:
                        held.append(os.dup(0))
                peer.connect(server.sockets[0].getsockname())
                while not any("out of system resource" in entry[1] for entry in self.log):
                    await asyncio.sleep(0.01)
            finally:
                for fd in held:
                    os.close(fd)
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            peer.sendall(b"x")
            peer.shutdown(socket.SHUT_WR)
            while not protocols:
                await asyncio.sleep(0.01)
            await protocols[0].lost
            peer.close()
            server.close()
            await server.wait_closed()

        self.run_program(program())


def resident():
    """Bytes of memory in use."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


if __name__ == "__main__":
    unittest.main()
