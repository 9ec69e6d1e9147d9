"""Thousands of loops, tasks, timers and connections leave nothing behind: no object, block of memory, descriptor, or page.

With a debug interpreter (Debian: python3-dbg), the references to all objects are counted as well.
"""

import asyncio
import contextlib
import gc
import logging
import os
import socket
import sys
import unittest

import hocket
import transport_programs


def resident_kilobytes():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE") // 1024


def counts():
    """What must stay. All garbage is collected before."""
    for _ in range(3):
        gc.collect()
    result = {
        "descriptors": len(os.listdir("/proc/self/fd")),
        "objects": len(gc.get_objects()),
        "blocks": sys.getallocatedblocks(),
    }
    if hasattr(sys, "gettotalrefcount"):
        result["references"] = sys.gettotalrefcount()
    return result


class Protocol(asyncio.Protocol):
    """In a cycle with its transport."""

    def __init__(self):
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.transport = transport

    def connection_lost(self, exc):
        if not self.lost.done():
            self.lost.set_result(exc)


def failing(method, kind=Protocol):
    def fail(self, *arguments):
        if method == "connection_lost":
            kind.connection_lost(self, *arguments)
        elif method == "connection_made":
            kind.connection_made(self, *arguments)
        raise RuntimeError(method)

    return type("Failing", (kind,), {method: fail})


class Buffered(Protocol, asyncio.BufferedProtocol):
    def get_buffer(self, sizehint):
        self.room = bytearray(100)
        return memoryview(self.room)

    def buffer_updated(self, count):
        pass


async def connect(kind=Protocol):
    ours, peer = socket.socketpair()
    ours.setblocking(False)
    peer.setblocking(False)
    _, protocol = await asyncio.get_running_loop().create_connection(kind, sock=ours)
    return protocol, peer


async def end(protocol, peer):
    await protocol.lost
    peer.close()


class Leaks(unittest.TestCase):
    ROUNDS = 12
    MAY_GROW = 20  # objects and references, in all rounds together
    MAY_GROW_RESIDENT = 3000  # kilobytes

    def setUp(self):
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)
        self.addCleanup(logging.getLogger("asyncio").setLevel, logging.NOTSET)

    def check(self, play, times=200):
        """`play` is called `times` times in each of many rounds, of which the first are not counted."""
        for _ in range(3 * times):
            play()
        before, resident = counts(), resident_kilobytes()
        middle = before
        for number in range(self.ROUNDS):
            for _ in range(times):
                play()
            after = counts()
            if number == self.ROUNDS // 2:
                middle = after
        # With asyncio's loop, too, CPython keeps a few more blocks now and then, and ever fewer. A leak grows with every call.
        calls = times * (self.ROUNDS - 1 - self.ROUNDS // 2)
        may_grow = dict.fromkeys(after, self.MAY_GROW) | {"blocks": calls * 3 // 4, "descriptors": 0}
        for name in after:
            grown, late = after[name] - before[name], after[name] - middle[name]
            if min(grown, late) > may_grow[name]:
                self.fail(f"{self.ROUNDS * times} calls leave {grown} {name}, the last {calls} of them {late}")
        self.assertLess(resident_kilobytes() - resident, self.MAY_GROW_RESIDENT, "kilobytes")

    def check_program(self, program, times=200):
        """The same within one loop's run, for a coroutine function."""
        with contextlib.closing(hocket.new_event_loop()) as loop:
            loop.set_exception_handler(lambda loop, context: None)

            async def settle():
                # What the last connections have called.
                for _ in range(5):
                    await asyncio.sleep(0)

            def play():
                loop.run_until_complete(program())
                loop.run_until_complete(settle())

            self.check(play, times)

    def test_the_checks_find_leaks(self):
        kept = []
        leaks = [lambda: kept.append([]), lambda: kept.append(os.dup(0))]
        if sys.getallocatedblocks():  # with PYTHONMALLOC=malloc, they are not counted
            leaks.append(lambda: kept.append(1.5 * len(kept)))
        for leak in leaks:
            with self.assertRaisesRegex(AssertionError, "leave"):
                self.check(leak, 50)
            for descriptor in kept:
                if type(descriptor) is int:
                    os.close(descriptor)
            kept.clear()
        with self.assertRaisesRegex(AssertionError, "kilobytes"):
            grows = bytearray()
            self.check(lambda: grows.extend(b"x" * 100_000), 50)

    # --- Loops

    def test_loops_that_run(self):
        self.check(lambda: hocket.run(asyncio.sleep(0)))

    def test_loops_that_are_closed_with_work(self):
        def play():
            loop = hocket.new_event_loop()
            a, b = socket.socketpair()
            loop.add_reader(a, play)
            loop.add_writer(b, play)
            handles = [loop.call_soon(lambda: handles), loop.call_later(60, lambda: handles), loop.call_soon(play, 1, 2, 3, 4, 5)]
            handles[1].cancel()
            future = loop.create_future()
            future.add_done_callback(lambda f: None)
            future.set_result(1)
            loop.close()
            a.close()
            b.close()

        self.check(play, 100)

    def test_loops_that_are_dropped(self):
        def play():
            loop = hocket.new_event_loop()
            loop.call_soon(lambda: loop)
            loop.call_later(60, lambda: loop)
            loop.call_soon_threadsafe(print, loop)

        with transport_programs.warnings.catch_warnings():
            transport_programs.warnings.simplefilter("ignore", ResourceWarning)
            self.check(play, 100)

    def test_loops_with_servers_and_connections_that_are_open(self):
        async def main():
            server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
            connection = await asyncio.open_connection(*server.sockets[0].getsockname())
            await asyncio.sleep(0.001)
            return server, connection

        def play():
            with asyncio.Runner(loop_factory=hocket.new_event_loop) as runner:
                runner.run(main())

        with transport_programs.warnings.catch_warnings():
            transport_programs.warnings.simplefilter("ignore", ResourceWarning)
            self.check(play, 50)

    # --- Handles, timers, tasks

    def test_handles(self):
        async def program():
            loop = asyncio.get_running_loop()
            handles = [loop.call_soon(int, *range(0)) for _ in range(10)]
            handles[3].cancel()
            loop.call_soon(lambda: 1 / 0)
            loop.call_soon(handles.append, handles)
            loop.call_soon_threadsafe(max, 1, 2, 3, 4, 5, 6)
            with contextlib.suppress(TypeError):
                loop.call_soon()
            await asyncio.sleep(0)

        self.check_program(program)

    def test_timers(self):
        async def program():
            loop = asyncio.get_running_loop()
            timers = [loop.call_later(0, int) for _ in range(5)]
            timers += [loop.call_later(60, int) for _ in range(5)]
            timers.append(loop.call_at(0, lambda: timers))
            timers.append(loop.call_later(0, lambda: 1 / 0))
            for timer in timers[3:10]:
                timer.cancel()
            with contextlib.suppress(TypeError):
                loop.call_later("never", int)
            await asyncio.sleep(1e-6)

        self.check_program(program)

    def test_tasks_and_futures(self):
        async def work(number):
            await asyncio.sleep(0)
            if number % 3 == 0:
                raise ValueError(number)
            await asyncio.sleep(60 * (number % 3 == 1))

        async def program():
            loop = asyncio.get_running_loop()
            tasks = [loop.create_task(work(i)) for i in range(6)]
            tasks.append(loop.create_task(work(2), name="named"))
            future = loop.create_future()
            future.add_done_callback(lambda f: tasks)
            asyncio.create_task(asyncio.sleep(0)).add_done_callback(lambda t: 1 / 0)
            await asyncio.sleep(0)
            tasks[1].cancel()
            tasks[4].cancel()
            await asyncio.wait(tasks)

        self.check_program(program, 100)

    def test_debug_mode(self):
        async def program():
            loop = asyncio.get_running_loop()
            loop.call_soon(int).cancel()
            loop.call_later(0, int)
            loop.call_later(60, int).cancel()
            await asyncio.create_task(asyncio.sleep(0))
            protocol, peer = await connect()
            peer.send(b"x")
            await asyncio.sleep(0.0001)
            protocol.transport.close()
            await end(protocol, peer)

        self.check(lambda: hocket.run(program(), debug=True), 50)

    def test_descriptors(self):
        async def program():
            loop = asyncio.get_running_loop()
            a, b = socket.socketpair()
            loop.add_reader(a, int)
            loop.add_reader(a, lambda: 1 / 0)
            loop.add_writer(a, int)
            loop.add_writer(b, print, b)
            loop.remove_writer(b)
            loop.remove_writer(b)
            with contextlib.suppress(ValueError, OSError):
                loop.add_reader(10**6, int)
            b.send(b"x")
            await asyncio.sleep(0)
            loop.remove_reader(a)
            loop.remove_writer(a)
            # These are closed without being removed.
            loop.add_reader(a, a.recv, 1)
            a.close()
            b.close()

        self.check_program(program)

    # --- Connections, closed in every way

    def test_connections_that_their_protocol_closes(self):
        async def program():
            for method in ("close", "abort"):
                protocol, peer = await connect()
                getattr(protocol.transport, method)()
                await end(protocol, peer)

        self.check_program(program)

    def test_connections_that_their_peer_closes(self):
        async def program():
            protocol, peer = await connect()
            peer.send(b"x" * 1000)
            peer.close()
            await end(protocol, peer)
            protocol, peer = await connect()
            protocol.transport.write(bytes(1_000_000))
            peer.close()
            await end(protocol, peer)

        self.check_program(program, 100)

    def test_connections_with_something_to_send(self):
        async def program():
            for method in ("close", "abort"):
                protocol, peer = await connect()
                protocol.transport.write(bytearray(500_000))
                protocol.transport.writelines([b"x" * 10_000, memoryview(b"y")])
                protocol.transport.write_eof()
                getattr(protocol.transport, method)()
                while not protocol.lost.done():
                    with contextlib.suppress(BlockingIOError):
                        peer.recv(1 << 20)
                    await asyncio.sleep(0)
                await end(protocol, peer)

        self.check_program(program, 100)

    def test_connections_that_fail(self):
        kinds = [failing(name) for name in ("connection_made", "data_received", "eof_received", "connection_lost", "pause_writing")]
        kinds += [failing(name, Buffered) for name in ("get_buffer", "buffer_updated")]

        async def program():
            for kind in kinds:
                protocol, peer = await connect(kind)
                protocol.transport.write(bytes(400_000))
                with contextlib.suppress(TypeError):
                    protocol.transport.write("text")
                with contextlib.suppress(TypeError):
                    protocol.transport.writelines([b"x", 5])
                peer.send(b"x")
                await asyncio.sleep(0.0001)
                peer.close()
                await end(protocol, peer)

        self.check_program(program, 50)

    def test_connections_that_are_dropped(self):
        async def program():
            protocol, peer = await connect()
            protocol.transport.pause_reading()
            protocol.myself = protocol
            peer.close()

        with transport_programs.warnings.catch_warnings():
            transport_programs.warnings.simplefilter("ignore", ResourceWarning)
            self.check_program(program)

    def test_connections_with_another_protocol(self):
        async def program():
            protocol, peer = await connect()
            for kind in (Buffered, Protocol):
                other = kind()
                other.transport = protocol.transport
                protocol.transport.set_protocol(other)
                peer.send(b"x" * 50)
                await asyncio.sleep(0.0001)
                protocol.transport.get_extra_info("peername")
            protocol.transport.set_protocol(protocol)
            protocol.transport.close()
            await end(protocol, peer)

        self.check_program(program, 50)

    def test_connections_that_cannot_be_made(self):
        async def program():
            loop = asyncio.get_running_loop()
            a, b = socket.socketpair()
            a.setblocking(False)
            a.close()
            with contextlib.suppress(OSError, ValueError):
                await loop.create_connection(Protocol, sock=a)
            b.close()
            with contextlib.suppress(ZeroDivisionError):
                a, b = socket.socketpair()
                try:
                    await loop.create_connection(lambda: 1 / 0, sock=a)
                finally:
                    a.close()
                    b.close()
            with contextlib.suppress(ConnectionRefusedError):
                await loop.create_connection(Protocol, "127.0.0.1", 1)

        self.check_program(program)

    def test_streams(self):
        async def program():
            a, peer = socket.socketpair()
            reader, writer = await asyncio.open_connection(sock=a)
            peer.send(b"line\nmore")
            await reader.readline()
            writer.write(b"answer")
            await writer.drain()
            peer.recv(100)
            peer.close()
            await reader.read()
            writer.close()
            await writer.wait_closed()

        self.check_program(program)

    def test_servers(self):
        async def serve(reader, writer):
            writer.write(await reader.read())
            writer.close()

        async def program():
            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            for _ in range(3):
                reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
                writer.write(b"x" * 1000)
                writer.write_eof()
                await reader.read()
                writer.close()
                await writer.wait_closed()
            server.close()
            await server.wait_closed()
            await asyncio.sleep(0)

        self.check_program(program, 50)

    def test_signals(self):
        async def program():
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(10, int)
            os.kill(os.getpid(), 10)
            await asyncio.sleep(0.0001)
            loop.remove_signal_handler(10)

        self.check(lambda: hocket.run(program()), 50)


if __name__ == "__main__":
    unittest.main()
