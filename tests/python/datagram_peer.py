"""asyncio's side of tests/net/test_datagram_endpoint.cpp: an echo server that prints its port, or a client
that sends to one and prints the result. Run: python3 datagram_peer.py server|client PORT"""

import asyncio
import sys

QUESTIONS = 500


class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        self.transport.sendto(data, addr)


class Client(asyncio.DatagramProtocol):
    def __init__(self):
        self.answers = asyncio.Queue()

    def datagram_received(self, data, addr):
        self.answers.put_nowait(data)


async def serve(port):
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Echo, local_addr=("127.0.0.1", port))
    print(transport.get_extra_info("sockname")[1], flush=True)
    await asyncio.Event().wait()


async def ask(port):
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(
        Client, remote_addr=("127.0.0.1", port)
    )
    right = 0
    for first in range(0, QUESTIONS, 10):
        # Not empty, because before 3.13 asyncio does not send empty datagrams.
        questions = [b"x" * (number + 1) for number in range(first, first + 10)]
        for question in questions:
            transport.sendto(question)
        for question in questions:
            right += await protocol.answers.get() == question
    print(f"{right} of {QUESTIONS} answers, all right" if right == QUESTIONS else f"only {right}")
    transport.close()


asyncio.run({"server": serve, "client": ask}[sys.argv[1]](int(sys.argv[2])))
