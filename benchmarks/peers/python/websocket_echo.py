"""`websocket_echo.py PORT`: an echo server of Python's websockets."""

import asyncio
import sys

import websockets


async def echo(socket, *_):
    async for message in socket:
        await socket.send(message)


async def main():
    async with websockets.serve(echo, "127.0.0.1", int(sys.argv[1]), compression=None):
        await asyncio.Event().wait()


asyncio.run(main())
