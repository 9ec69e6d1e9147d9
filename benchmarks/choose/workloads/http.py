"""A request to a server that answers after 50 ms."""

import asyncio
import os
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path

items = [f"/{i}" for i in range(100)]


def start_server():
    """The port of a server that ends with the process that started it."""
    if "HOCKET_CHOOSE_PORT" not in os.environ:
        script = Path(__file__).parent.parent / "latent_server.py"
        server = subprocess.Popen([sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        start_server.process = server  # its standard input stays open as long as this process lives
        os.environ["HOCKET_CHOOSE_PORT"] = server.stdout.readline().strip()
    return int(os.environ["HOCKET_CHOOSE_PORT"])


PORT = start_server()


def work(item):
    connection = HTTPConnection("127.0.0.1", PORT)
    connection.request("GET", item)
    body = connection.getresponse().read()
    connection.close()
    return body


async def awork(item):
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    writer.write(f"GET {item} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return answer.partition(b"\r\n\r\n")[2]
