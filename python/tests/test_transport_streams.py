"""asyncio's streams, whose readers are fed without Python code."""

import asyncio
import contextlib
import socket
import unittest

from transport_programs import same_on_both, turns


class Streams(unittest.TestCase):
    maxDiff = None

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


if __name__ == "__main__":
    unittest.main()
