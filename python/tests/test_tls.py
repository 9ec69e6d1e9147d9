"""TLS connections: the same calls in the same order as asyncio's."""

import asyncio
import contextlib
import gc
import pathlib
import socket
import ssl
import subprocess
import sys
import unittest
import weakref

from hocket import _tls
from transport_programs import Buffered, Recorder, raising, reset, same_on_both, turns

from tls_programs import (
    LAST,
    certificate,
    client_context,
    close_notify,
    connection,
    receive,
    receive_all,
    server_context,
    shake_hands,
    tls_pair,
)

VERSIONS = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


class Counting(Recorder):
    """Logs how much arrives, not in how many pieces."""

    def __init__(self, log, **reactions):
        super().__init__(log, **reactions)
        self.received = bytearray()
        self.wanted = None

    def data_received(self, data):
        self.received += data
        if self.wanted is not None and len(self.received) >= self.wanted[0]:
            self.wanted[1].set_result(None)
            self.wanted = None

    async def receive(self, count):
        if len(self.received) < count:
            self.wanted = count, asyncio.get_running_loop().create_future()
            await self.wanted[1]
        data, self.received = bytes(self.received[:count]), self.received[count:]
        return data


class CountingBuffered(Counting, asyncio.BufferedProtocol):
    def get_buffer(self, sizehint):
        self.room = memoryview(bytearray(5000))
        return self.room

    def buffer_updated(self, count):
        self.data_received(self.room[:count])


async def until(condition):
    """Waits until something has happened, which the program's time limit ends."""
    while not condition():
        await asyncio.sleep(0.001)


def pattern(count):
    return bytes(range(256)) * (count // 256) + bytes(count % 256)


class Calls(unittest.TestCase):
    maxDiff = None

    def test_this_python_has_fast_tls(self):
        self.assertTrue(_tls.FAST)

    @same_on_both
    async def test_a_conversation(self, log):
        for version in VERSIONS:
            for is_server in (True, False):
                log(version, is_server)
                protocol, peer = await tls_pair(log, version=version, is_server=is_server)
                await asyncio.to_thread(peer.sendall, b"question")
                await turns()
                protocol.transport.write(b"answer")
                log(await asyncio.to_thread(peer.recv, 100))
                protocol.transport.writelines([b"a", bytearray(b"b"), memoryview(b"c")])
                log(await asyncio.to_thread(receive, peer, 3))
                log(protocol.transport.get_extra_info("ssl_object").version(), peer.version())
                log(protocol.transport.get_extra_info("cipher"), protocol.transport.get_write_buffer_size())
                closing = asyncio.create_task(asyncio.to_thread(close_notify, peer))
                await protocol.lost
                await closing
                log(protocol.transport.is_closing())

    @same_on_both
    async def test_messages_of_all_sizes_in_both_directions(self, log):
        for kind in (Counting, CountingBuffered):
            for version in VERSIONS:
                protocol, peer = await tls_pair(log, kind=kind, version=version)
                for count in (1, 2, 1000, 4999, 5000, 5001, 16383, 16384, 16385, 70_000, 1_000_000, 5_000_000):
                    sending = asyncio.create_task(asyncio.to_thread(peer.sendall, pattern(count)))
                    log(count, await protocol.receive(count) == pattern(count))
                    await sending
                    receiving = asyncio.create_task(asyncio.to_thread(receive, peer, count))
                    protocol.transport.write(pattern(count))
                    log(await receiving == pattern(count))
                closing = asyncio.create_task(asyncio.to_thread(close_notify, peer))
                await protocol.lost
                await closing

    @same_on_both
    async def test_many_small_writes(self, log):
        protocol, peer = await tls_pair(log, kind=Counting)
        receiving = asyncio.create_task(asyncio.to_thread(receive, peer, 20_000))
        for number in range(2000):
            protocol.transport.write(b"%010d" % number)
        log(await receiving == b"".join(b"%010d" % number for number in range(2000)))
        receiving = asyncio.create_task(asyncio.to_thread(receive, peer, 20_000))
        protocol.transport.writelines(b"%010d" % number for number in range(2000))
        log(await receiving == b"".join(b"%010d" % number for number in range(2000)))

        def send():
            for number in range(2000):
                peer.sendall(b"%010d" % number)

        sending = asyncio.create_task(asyncio.to_thread(send))
        log(await protocol.receive(20_000) == b"".join(b"%010d" % number for number in range(2000)))
        await sending
        protocol.transport.close()
        await asyncio.to_thread(close_notify, peer)
        await protocol.lost

    @same_on_both
    async def test_what_can_be_written(self, log):
        protocol, peer = await tls_pair(log)
        wide = memoryview(b"abcdefgh").cast("H")
        for data in (b"", bytearray(b"x"), memoryview(b"yz")[::2], wide, "text", None, 1):
            try:
                protocol.transport.write(data)
            except TypeError as error:
                log(str(error))
        log(await asyncio.to_thread(peer.recv, 100))
        data = bytearray(b"before")
        protocol.transport.write(data)
        data[:] = b"after."
        log(await asyncio.to_thread(receive, peer, 6))
        for attempt in (protocol.transport.write_eof, protocol.transport.can_write_eof):
            try:
                log(attempt())
            except NotImplementedError:
                log("NotImplementedError")
        protocol.transport.close()
        protocol.transport.write(b"late")
        await asyncio.to_thread(close_notify, peer)
        await protocol.lost
        for _ in range(10):
            protocol.transport.write(b"late")

    @same_on_both
    async def test_a_peer_that_leaves(self, log):
        def says_nothing(peer):
            peer.close()

        def half_closes(peer):
            socket.socket.shutdown(peer, socket.SHUT_WR)

        def sends_and_says_goodbye(peer):
            peer.sendall(b"last")
            close_notify(peer)

        def sends_nonsense(peer):
            socket.socket.sendall(peer._plain, b"this is not TLS" * 10)

        for version in VERSIONS:
            for leave in (says_nothing, reset, half_closes, sends_and_says_goodbye, sends_nonsense):
                for eof in (None, lambda p: True, raising(RuntimeError("wrong"))):
                    log(version, leave.__name__)
                    protocol, peer = await tls_pair(log, version=version, eof_received=eof)
                    if leave is sends_nonsense:
                        peer._plain = socket.socket(fileno=peer.detach())
                        plain = peer._plain
                    leaving = asyncio.create_task(asyncio.to_thread(leave, peer))
                    await protocol.lost
                    await leaving
                    (plain if leave is sends_nonsense else peer).close()

    @same_on_both
    async def test_a_peer_that_leaves_during_the_handshake(self, log):
        loop = asyncio.get_running_loop()
        for last_words in (b"", b"\x16\x03\x01", b"this is not TLS"):
            sock, peer = await connection()
            accepting = loop.connect_accepted_socket(lambda: Recorder(log), sock, ssl=server_context())
            connecting = asyncio.create_task(accepting)
            await turns(2)
            peer.sendall(last_words)
            peer.close()
            try:
                await connecting
            except (OSError, ssl.SSLError) as error:
                log(type(error).__name__, getattr(error, "reason", None))

    @same_on_both
    async def test_exceptions_in_every_method(self, log):
        for name in ("connection_made", "data_received", "eof_received", "connection_lost"):
            for error in (RuntimeError("wrong"), OSError(5, "wrong")):
                log(name, repr(error))
                try:
                    protocol, peer = await tls_pair(log, **LAST, **{name: raising(error)})
                except (RuntimeError, OSError) as raised:
                    log("raised", repr(raised))
                    continue
                with contextlib.suppress(OSError):
                    await asyncio.to_thread(peer.sendall, b"x")
                await turns()
                closing = asyncio.create_task(asyncio.to_thread(close_notify, peer))
                await protocol.lost
                await closing
                await turns(1)

    @same_on_both
    async def test_closing_and_aborting_within_each_call(self, log):
        for name in ("connection_made", "data_received", "eof_received", "connection_lost"):
            for method in ("close", "abort", "pause_reading"):
                log("---", name, method)
                call = lambda protocol: getattr(protocol.transport, method)()
                protocol, peer = await tls_pair(log, **LAST, **{name: call})
                with contextlib.suppress(OSError):
                    await asyncio.to_thread(peer.sendall, b"x")
                if name != "connection_made":
                    await until(lambda: ("data_received", "bytes", b"x") in log[log.index(("---", name, method)) :])
                closing = asyncio.create_task(asyncio.to_thread(close_notify, peer))
                if method == "pause_reading" and name in ("connection_made", "data_received"):
                    await turns()
                    protocol.transport.abort()
                await protocol.lost
                await closing

    @same_on_both
    async def test_buffered_protocols(self, log):
        short = lambda p: setattr(p, "room", memoryview(bytearray(3))) or p.room
        scenes = {
            "memoryview": {"buffer": lambda p: setattr(p, "room", memoryview(bytearray(100))) or p.room},
            "bytearray": {},
            "short": {"buffer": short},
            "empty": {"buffer": lambda p: bytearray()},
            "read only": {"buffer": lambda p: b"constant"},
            "no buffer": {"buffer": lambda p: 5},
            "get_buffer raises": {"buffer": raising(RuntimeError("wrong"))},
            "buffer_updated raises": {"buffer_updated": raising(RuntimeError("wrong"))},
            "buffer_updated closes": {"buffer_updated": lambda p: p.transport.close()},
            "buffer_updated aborts": {"buffer_updated": lambda p: p.transport.abort()},
        }
        for name, reactions in scenes.items():
            log(name)
            protocol, peer = await tls_pair(log, kind=Buffered, **LAST, **reactions)
            with contextlib.suppress(OSError):
                await asyncio.to_thread(peer.sendall, b"12345678")
            await turns()
            closing = asyncio.create_task(asyncio.to_thread(close_notify, peer))
            await protocol.lost
            await closing

    @same_on_both
    async def test_changing_the_protocol(self, log):
        protocol, peer = await tls_pair(log)
        await asyncio.to_thread(peer.sendall, b"one")
        await until(lambda: ("data_received", "bytes", b"one") in log)
        buffered = Buffered(log)
        buffered.transport = protocol.transport
        protocol.transport.set_protocol(buffered)
        log(protocol.transport.get_protocol() is buffered)
        await asyncio.to_thread(peer.sendall, b"two")
        await turns()
        closing = asyncio.create_task(asyncio.to_thread(close_notify, peer))
        await buffered.lost
        await closing

    @same_on_both
    async def test_flow_control_of_writing(self, log):
        for version in VERSIONS:
            protocol, peer = await tls_pair(log, kind=Counting, version=version)
            transport = protocol.transport
            log(transport.get_write_buffer_limits(), transport.get_read_buffer_limits())
            transport.set_write_buffer_limits(high=100_000)
            for _ in range(200):
                transport.write(bytes(100_000))
            log(transport.get_write_buffer_size())
            for limits in ((float("inf"), 5.5), (10**30, None), (None, None)):
                transport.set_write_buffer_limits(*limits)
                log(transport.get_write_buffer_limits())
            log(len(await asyncio.to_thread(receive, peer, 20_000_000)), transport.get_write_buffer_size())
            await turns()
            transport.close()
            await asyncio.to_thread(close_notify, peer)
            await protocol.lost

    @same_on_both
    async def test_exceptions_in_flow_control(self, log):
        for name in ("pause_writing", "resume_writing"):
            for error in (RuntimeError("wrong"), OSError(5, "wrong")):
                protocol, peer = await tls_pair(log, kind=Counting, **{name: raising(error)})
                for _ in range(200):
                    protocol.transport.write(bytes(100_000))
                log(len(await asyncio.to_thread(receive, peer, 20_000_000)))
                protocol.transport.close()
                await asyncio.to_thread(close_notify, peer)
                await protocol.lost

    @same_on_both
    async def test_pausing_reading(self, log):
        for version in VERSIONS:
            protocol, peer = await tls_pair(log, kind=Counting, version=version)
            transport = protocol.transport
            transport.pause_reading()
            log(transport.is_reading())
            sending = asyncio.create_task(asyncio.to_thread(peer.sendall, pattern(5_000_000)))
            await until(transport.get_read_buffer_size)
            log(len(protocol.received))
            transport.resume_reading()
            log(await protocol.receive(5_000_000) == pattern(5_000_000), transport.is_reading())
            await sending
            transport.pause_reading()
            await asyncio.to_thread(peer.sendall, b"later")
            closing = asyncio.create_task(asyncio.to_thread(close_notify, peer))
            await turns()
            log(bytes(protocol.received))
            transport.resume_reading()
            await protocol.lost
            log(bytes(protocol.received))
            await closing

    @same_on_both
    async def test_aborting_with_a_full_queue(self, log):
        protocol, peer = await tls_pair(log)
        protocol.transport.write(bytes(20_000_000))
        protocol.transport.abort()
        await protocol.lost
        log(len(await asyncio.to_thread(receive_all, peer)) < 20_000_000)
        peer.close()

    @same_on_both
    async def test_a_new_key_in_the_middle(self, log):
        # After the peer's request for a certificate, OpenSSL reads and writes in turns.
        asking = server_context()
        asking.verify_mode = ssl.CERT_OPTIONAL
        asking.load_verify_locations(certificate())
        ours = client_context()
        ours.post_handshake_auth = asking.post_handshake_auth = True
        protocol, peer = await tls_pair(log, is_server=False, ours=ours, theirs=asking)
        await asyncio.to_thread(peer.sendall, b"before")
        await turns()

        def ask():
            peer.verify_client_post_handshake()
            peer.sendall(b"after")
            return peer.recv(100)

        answer = asyncio.create_task(asyncio.to_thread(ask))
        await turns()
        protocol.transport.write(b"answer")
        log(await answer, peer.getpeercert() is not None)
        closing = asyncio.create_task(asyncio.to_thread(close_notify, peer))
        await protocol.lost
        await closing

    @same_on_both
    async def test_client_certificates(self, log):
        asking = server_context()
        asking.verify_mode = ssl.CERT_REQUIRED
        asking.load_verify_locations(certificate())
        for version in VERSIONS:
            asking.minimum_version = asking.maximum_version = version
            protocol, peer = await tls_pair(log, ours=asking)
            log(dict(protocol.transport.get_extra_info("peercert")["subject"][0]))
            closing = asyncio.create_task(asyncio.to_thread(close_notify, peer))
            await protocol.lost
            await closing
            without = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            without.load_verify_locations(certificate())
            try:
                protocol, peer = await tls_pair(log, ours=asking, theirs=without)
            except ssl.SSLError as error:
                log(type(error).__name__, error.reason)

    @same_on_both
    async def test_certificates_that_are_refused(self, log):
        for is_server in (True, False):
            strict = ssl.create_default_context()
            words = {"theirs" if is_server else "ours": strict}
            try:
                protocol, peer = await tls_pair(log, is_server=is_server, **words)
                # With TLS 1.3, a server learns of it later.
                await protocol.lost
            except ssl.SSLError as error:
                log(type(error).__name__, error.reason, getattr(error, "verify_message", None))

    @same_on_both
    async def test_an_unclosed_transport(self, log):
        protocol, peer = await tls_pair(log)
        gone = weakref.ref(protocol)
        protocol.transport.abort()
        await protocol.lost
        del protocol
        gc.collect()
        log(gone() is None)
        peer.close()


class Upgrades(unittest.TestCase):
    maxDiff = None

    @same_on_both
    async def test_start_tls(self, log):
        loop = asyncio.get_running_loop()
        for kind in (Recorder, Buffered):
            sock, peer = await connection()
            plain, protocol = await loop.create_connection(lambda: kind(log), sock=sock)
            peer.sendall(b"plain")
            await turns()
            shaking = asyncio.create_task(asyncio.to_thread(shake_hands, peer, True))
            transport = protocol.transport = await loop.start_tls(plain, protocol, server_context(), server_side=True)
            peer = await shaking
            await asyncio.to_thread(peer.sendall, b"secret")
            await turns()
            transport.write(b"answer")
            log(await asyncio.to_thread(receive, peer, 6))
            closing = asyncio.create_task(asyncio.to_thread(close_notify, peer))
            await protocol.lost
            await closing

    @same_on_both
    async def test_start_tls_with_wrong_arguments(self, log):
        loop = asyncio.get_running_loop()
        sock, peer = await connection()
        transport, protocol = await loop.create_connection(lambda: Recorder(log), sock=sock)
        for arguments in ((transport, protocol, None), (object(), protocol, server_context())):
            try:
                await loop.start_tls(*arguments)
            except TypeError as error:
                log(str(error).partition(" at ")[0])
        try:
            await loop.start_tls(transport, protocol, server_context(), server_side=True, ssl_handshake_timeout=-1)
        except ValueError as error:
            log(str(error))
        peer.close()
        await protocol.lost

    @same_on_both
    async def test_tls_within_tls(self, log):
        loop = asyncio.get_running_loop()
        outer, inner = server_context(), server_context()

        async def serve(reader, writer):
            await writer.start_tls(inner)
            while data := await reader.read(10_000):
                writer.write(data)
                await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=outer)
        protocol = Counting(log)
        port = server.sockets[0].getsockname()[1]
        transport, _ = await loop.create_connection(
            lambda: protocol, "127.0.0.1", port, ssl=client_context(), server_hostname="localhost"
        )
        transport = await loop.start_tls(transport, protocol, client_context(), server_hostname="localhost")
        for count in (1, 1000, 100_000, 1_000_000):
            transport.write(pattern(count))
            log(await protocol.receive(count) == pattern(count))
        transport.close()
        await protocol.lost
        server.close()


class Streams(unittest.TestCase):
    maxDiff = None

    @same_on_both
    async def test_streams(self, log):
        async def serve(reader, writer):
            while data := await reader.read(100_000):
                writer.write(data)
                await writer.drain()
            writer.close()

        for version in VERSIONS:
            server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_context(version))
            reader, writer = await asyncio.open_connection(
                *server.sockets[0].getsockname(), limit=1000, ssl=client_context(version), server_hostname="localhost"
            )
            writer.write(b"line\nrest")
            log(await reader.readline(), await reader.readexactly(4))
            for count in (1, 16384, 5_000_000):
                writer.write(pattern(count))
                log(await reader.readexactly(count) == pattern(count))
            writer.write(bytes(5_000_000))  # more than fits: both ends pause
            await turns()
            log(reader._paused, writer.transport.is_reading())
            log(len(await reader.readexactly(5_000_000)), writer.transport.is_reading())
            writer.close()
            await writer.wait_closed()
            server.close()

    @same_on_both
    async def test_streams_that_are_replaced_in_part(self, log):
        class Reader(asyncio.StreamReader):
            def feed_data(self, data):
                log("fed", data)
                super().feed_data(data)

        for patch in ("class", "reader", "protocol"):
            reader = (Reader if patch == "class" else asyncio.StreamReader)()
            protocol = asyncio.StreamReaderProtocol(reader)
            if patch == "reader":
                reader.feed_data = lambda data: log("patched", data)
            elif patch == "protocol":
                protocol.data_received = lambda data: log("patched", data)
            sock, peer = await connection()
            shaking = asyncio.create_task(asyncio.to_thread(shake_hands, peer, True))
            transport, _ = await asyncio.get_running_loop().connect_accepted_socket(
                lambda: protocol, sock, ssl=server_context()
            )
            peer = await shaking
            await asyncio.to_thread(peer.sendall, b"x")
            await until(lambda: reader._buffer or log[-1:] == [("patched", b"x")])
            log(patch, bytes(reader._buffer))
            transport.abort()
            peer.close()
            await turns()
            log("closed")


class Fallback(unittest.TestCase):
    maxDiff = None

    def test_a_python_whose_ssl_is_another(self):
        script = (
            "import _ssl; _ssl.__file__ = '/no/such/file'\n"
            "from asyncio import sslproto; from hocket import _tls\n"
            "assert not _tls.FAST and _tls.Protocol is sslproto.SSLProtocol\n"
            "from hocket.compare import facts\n"
            "print(facts.in_use()['TLS'])"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        self.assertTrue(done.stdout.startswith("asyncio's"), done.stdout)

    @same_on_both
    async def test_sessions_that_are_replaced_in_part(self, log):
        class Session(ssl.SSLObject):
            def read(self, *arguments):
                data = super().read(*arguments)
                log("read", data)
                return data

        class Context(ssl.SSLContext):
            def wrap_bio(self, *arguments, **names):
                session = super().wrap_bio(*arguments, **names)
                session.write = lambda data: log("write", data) or ssl.SSLObject.write(session, data)
                return session

        for patch in ("class", "object", "callback"):
            context = (Context if patch == "object" else ssl.SSLContext)(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate())
            if patch == "class":
                context.sslobject_class = Session
            elif patch == "callback":
                context._msg_callback = lambda *words: log(*map(str, words[1:-1]))
            protocol, peer = await tls_pair(log, ours=context, version=ssl.TLSVersion.TLSv1_2)
            await asyncio.to_thread(peer.sendall, b"question")
            await turns()
            protocol.transport.write(b"answer")
            log(await asyncio.to_thread(receive, peer, 6))
            closing = asyncio.create_task(asyncio.to_thread(close_notify, peer))
            await protocol.lost
            await closing


class Memory(unittest.TestCase):
    def test_idle_connections_need_no_buffers(self):
        import hocket

        hocket.run(self.many())

    async def many(self):
        """What large messages needed is given back; asyncio keeps 256 KiB for each connection at least."""
        before, connections = None, []
        for number in range(40):
            protocol, peer = await tls_pair(lambda *words: None, kind=Counting)
            sending = asyncio.create_task(asyncio.to_thread(peer.sendall, bytes(1_000_000)))
            await protocol.receive(1_000_000)
            await sending
            receiving = asyncio.create_task(asyncio.to_thread(receive, peer, 1_000_000))
            protocol.transport.write(bytes(1_000_000))
            await receiving
            connections.append((protocol, peer))
            if number == 9:
                before = _resident()
        self.assertLess((_resident() - before) / 30, 150_000)
        for protocol, peer in connections:
            protocol.transport.abort()
            peer.close()
            await protocol.lost


def _resident():
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.partition("RssAnon:")[2].split()[0]) * 1024


if __name__ == "__main__":
    unittest.main()
