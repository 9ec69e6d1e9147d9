"""The programs that are measured. Each is a coroutine function that does `count` operations and cleans up after itself."""

import asyncio
import socket
from collections import namedtuple

__all__ = ["PROGRAMS", "Program"]

Program = namedtuple("Program", "title count run")

MESSAGE = b"x" * 1024


def _nothing():
    pass


async def _return():
    pass


async def call_soon(loop, count):
    for _ in range(count):
        loop.call_soon(_nothing)
    await asyncio.sleep(0)


async def call_later(loop, count):
    for _ in range(count):
        loop.call_later(3600, _nothing).cancel()
    # asyncio removes cancelled timers from its heap when the loop runs next.
    await asyncio.sleep(0)


async def tasks(loop, count):
    for _ in range(count):
        await loop.create_task(_return())


async def futures(loop, count):
    for _ in range(count):
        future = loop.create_future()
        loop.call_soon(future.set_result, None)
        await future


class _Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


class _Pinger(asyncio.Protocol):
    def __init__(self, count):
        self.left = count
        self.missing = len(MESSAGE)
        self.finished = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.transport = transport
        transport.write(MESSAGE)

    def data_received(self, data):
        self.missing -= len(data)
        if self.missing:
            return
        self.missing = len(MESSAGE)
        self.left -= 1
        if self.left:
            self.transport.write(MESSAGE)
        else:
            self.finished.set_result(None)

    def connection_lost(self, error):
        if not self.finished.done():
            self.finished.set_exception(error or EOFError("the connection was closed"))


async def protocol_echo(loop, count):
    ours, theirs = socket.socketpair()
    echo, _ = await loop.create_connection(_Echo, sock=theirs)
    transport, pinger = await loop.create_connection(lambda: _Pinger(count), sock=ours)
    try:
        await pinger.finished
    finally:
        transport.close()
        echo.close()
        await asyncio.sleep(0)


async def streams_echo(loop, count):
    async def serve():
        try:
            while data := await reader_there.read(65536):
                writer_there.write(data)
                await writer_there.drain()
        finally:
            writer_there.close()

    here, there = socket.socketpair()
    reader_there, writer_there = await asyncio.open_connection(sock=there)
    reader, writer = await asyncio.open_connection(sock=here)
    server = loop.create_task(serve())
    try:
        for _ in range(count):
            writer.write(MESSAGE)
            await writer.drain()
            await reader.readexactly(len(MESSAGE))
    finally:
        writer.close()
        await server


PROGRAMS = (
    Program("call_soon", 2000, call_soon),
    Program("call_later + cancel", 2000, call_later),
    Program("create_task + await", 500, tasks),
    Program("future + await", 500, futures),
    Program("Protocol echo, 1 KiB", 200, protocol_echo),
    Program("streams echo, 1 KiB", 100, streams_echo),
)
