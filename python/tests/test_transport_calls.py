"""The order of a transport's calls, also if they raise, close or abort."""

import asyncio
import contextlib
import contextvars
import gc
import socket
import unittest
import weakref

from transport_programs import pair, raising, receive_all, reset, same_on_both, turns


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


if __name__ == "__main__":
    unittest.main()
