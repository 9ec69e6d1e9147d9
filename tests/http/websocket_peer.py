"""Python's websockets as the peer of the tests.

usage: websocket_peer.py server              echoes; prints its port
       websocket_peer.py client PORT CAFILE  talks to an echo server, over TLS unless CAFILE is
                                            empty; prints "good" or what was wrong
"""

import asyncio
import ssl
import sys

import websockets


async def serve(socket):
    path = socket.path if hasattr(socket, "path") else socket.request.path  # since websockets 14
    if path.startswith("/close/"):
        await socket.close(int(path.rpartition("/")[2]), "as asked")
    elif path == "/fragments":
        await socket.send(["one ", "two ", "three"])
        await socket.send([b"\x00", b"\xff"])
    elif path == "/die":
        await socket.recv()
        socket.transport.abort()
    elif path == "/headers":
        headers = socket.request_headers if hasattr(socket, "request_headers") else socket.request.headers
        await socket.send("\n".join(f"{n}: {v}" for n, v in headers.raw_items()))
    elif path == "/silent":
        await asyncio.Event().wait()
    else:
        try:
            async for message in socket:
                await socket.send(message)
        except websockets.ConnectionClosedError:  # with a code of the test's own
            pass


async def server():
    listening = await websockets.serve(
        serve, "127.0.0.1", 0, subprotocols=["chat.v2", "chat.v1"], max_size=None, compression=None
    )
    print(listening.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


async def check(url, context):
    options = {"max_size": None, "ssl": context}
    # websockets offers compression, which the server must refuse.
    async with websockets.connect(url + "/echo", subprotocols=["x", "chat.v1"], **options) as socket:
        assert socket.subprotocol == "chat.v1", socket.subprotocol
        for message in ["", "text", "\u00e4\u20ac\U0001f600", b"", b"\x00\xff", "x" * 70000, b"y" * 300000]:
            await socket.send(message)
            assert await socket.recv() == message
        await socket.send(["in ", "", "fragments"])
        assert await socket.recv() == "in fragments"
        await (await socket.ping("hello"))
        for number in range(1000):
            await socket.send(str(number))
        for number in range(1000):
            assert await socket.recv() == str(number)
        await socket.close(3000, "bye")
        assert socket.close_code == 3000, socket.close_code
    async with websockets.connect(url + "/echo", compression=None, **options) as socket:
        await socket.send("x" * 2_000_000)  # above the server's limit
        try:
            await socket.recv()
            raise AssertionError("the server took a message that is too large")
        except websockets.ConnectionClosedError as error:
            assert error.rcvd.code == 1009, error
    try:
        async with websockets.connect(url + "/refused", **options):
            raise AssertionError("not refused")
    except websockets.InvalidHandshake as error:
        status = error.status_code if hasattr(error, "status_code") else error.response.status_code
        assert status == 404, error


async def client():
    context = None
    scheme = "ws"
    if sys.argv[3]:
        context = ssl.create_default_context(cafile=sys.argv[3])
        scheme = "wss"
    await check(f"{scheme}://127.0.0.1:{sys.argv[2]}", context)
    print("good", flush=True)


asyncio.run(server() if sys.argv[1] == "server" else client())
