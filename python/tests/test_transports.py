"""What transports tell, the servers that have them, and how they and their memory end."""

import asyncio
import contextlib
import gc
import os
import resource
import socket
import sys
import unittest
import warnings
import weakref

import hocket

from transport_programs import LIMIT, Log, pair, raising, receive_all, Recorder, same_on_both, turns


class Transports(unittest.TestCase):
    maxDiff = None

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
