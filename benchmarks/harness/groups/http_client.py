"""The rows of the group "http" about the client and WebSocket."""

from harness.http_client import HttpClient
from harness.model import BY_HAND, OURS, Python
from harness.websocket import WebSocketEcho

SUBJECTS = [
    HttpClient(
        "http client",
        {
            OURS: "hocket_http_client",
            BY_HAND: "by_hand_http_client",
            "aiohttp": Python("http_client.py", ("aiohttp",)),
            "httpx": Python("http_client.py", ("httpx",)),
        },
    ),
    WebSocketEcho(
        "websocket",
        {
            OURS: "hocket_websocket_echo",
            "websockets": Python("websocket_echo.py"),
        },
        plain="echo_server",
    ),
]
PEERS = [BY_HAND, "aiohttp", "httpx", "websockets"]
NOTES = """\
- HTTP client: 64 tasks send one GET after the other for a file of 13 bytes to one nginx without an access log, on
  another core. CPU time of the client for each request; the median of nine rounds (Python: one) and of their ratios.
  By hand: libcurl's multi handle with its socket function and epoll; each easy handle is set up once.
- WebSocket echo: one message of 125 bytes in flight on each connection. Its bar is relative to our echo of bytes
  on streams, which is measured in turn with it.
"""
