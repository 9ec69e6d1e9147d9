"""The servers with which asyncio, uvloop, rloop and hocket's loop for Python are measured."""

import argparse
import asyncio
import ssl

import chosen_loop


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


class DatagramEcho(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        self.transport.sendto(data, addr)


async def echo(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


def hello(total):
    """An answer of exactly `total` bytes including the head, as many as `examples/serve` sends."""
    body = b"hello, world\n"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
    head += b"Content-Length: %d\r\nX-Padding: " % len(body)
    return head + b"." * (total - len(head) - 4 - len(body)) + b"\r\n\r\n" + body


class Http(asyncio.Protocol):
    answer = b""

    def connection_made(self, transport):
        self.transport = transport
        self.received = b""

    def data_received(self, data):
        self.received += data
        while (end := self.received.find(b"\r\n\r\n")) >= 0:
            start, *lines = self.received[:end].split(b"\r\n")
            self.received = self.received[end + 4 :]
            method, target, version = start.split(b" ")
            headers = {}
            for line in lines:
                name, _, value = line.partition(b":")
                headers[name.lower()] = value.strip()
            if method == b"GET" and target == b"/hello.txt" and b"host" in headers:
                self.transport.write(self.answer)
            else:
                self.transport.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            if headers.get(b"connection", b"").lower() == b"close" or version != b"HTTP/1.1":
                self.transport.close()


async def serve(kind, port, certificate):
    tls = None
    if certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()
    if kind == "datagrams":
        await loop.create_datagram_endpoint(DatagramEcho, local_addr=("127.0.0.1", port))
        await asyncio.Event().wait()
    if kind == "streams":
        server = await asyncio.start_server(echo, "127.0.0.1", port, backlog=4096, ssl=tls)
    else:
        factory = Echo if kind == "protocol" else Http
        server = await loop.create_server(factory, "127.0.0.1", port, backlog=4096, ssl=tls)
    await server.serve_forever()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["protocol", "streams", "http", "datagrams"])
    parser.add_argument("port", type=int)
    parser.add_argument("certificate", nargs="?", help="speak TLS; the key is in the same file")
    parser.add_argument("--loop", choices=chosen_loop.NAMES, default="asyncio")
    parser.add_argument("--uvloop", dest="loop", action="store_const", const="uvloop")
    parser.add_argument("--build", help="the build tree with hocket's module")
    parser.add_argument("--answer-bytes", type=int, default=200)
    arguments = parser.parse_args()
    Http.answer = hello(arguments.answer_bytes)
    with asyncio.Runner(loop_factory=chosen_loop.factory(arguments.loop, arguments.build)) as runner:
        runner.run(serve(arguments.kind, arguments.port, arguments.certificate))


if __name__ == "__main__":
    main()
