"""Servers on one core, under load from another."""

from harness.echo import Echo, Idle, Load
from harness.http import Http
from harness.loops import Loops
from harness.model import BY_HAND, OURS, Bar, Group, Python

_ECHO = {
    "Protocol": {
        OURS: "echo_protocol",
        BY_HAND: "epoll_echo",
        "Asio": "asio_echo_callbacks",
        "libuv": "libuv_echo",
        "uvloop": Python("server.py", ("protocol",), uvloop=True),
        "asyncio": Python("server.py", ("protocol",)),
    },
    "streams": {
        OURS: "echo_server",
        BY_HAND: "epoll_echo",
        "Asio": "asio_echo_coroutines",
        "libuv": "libuv_echo",
        "uvloop": Python("server.py", ("streams",), uvloop=True),
        "asyncio": Python("server.py", ("streams",)),
    },
}
_DATAGRAM_PEERS = {
    BY_HAND: "epoll_datagram_echo",
    "Asio": "asio_datagram_echo",
    "uvloop": Python("server.py", ("datagrams",), uvloop=True),
    "asyncio": Python("server.py", ("datagrams",)),
}
_DATAGRAMS = {
    "Protocol": {OURS: "hocket_datagram_echo", **_DATAGRAM_PEERS},
    "endpoint": {OURS: "hocket_datagram_endpoint_echo", **_DATAGRAM_PEERS},
}
_HTTP = {
    OURS: "serve",
    BY_HAND: "epoll_http",
    "Asio": "asio_http",
    "uvloop": Python("server.py", ("http",), uvloop=True),
    "asyncio": Python("server.py", ("http",)),
}

GROUP = Group(
    name="network",
    title="Servers",
    peers=[BY_HAND, "Asio", "libuv", "uvloop", "asyncio"],
    subjects=[
        Echo(
            "echo",
            _ECHO,
            limits={"Protocol": 1.05, "streams": 1.15},
            loads=[Load(1, 64), Load(64, 64), Load(1000, 64), Load(64, 16384)],
        ),
        Echo(
            "datagrams",
            _DATAGRAMS,
            limits={"Protocol": 1.10, "endpoint": 1.10},
            loads=[Load(1, 64), Load(64, 64)],
            load_program="load_datagram_ping_pong",
            listens=False,
        ),
        Loops("serve_on", loops=2, connections=64, size=64, limit=1.10),
        Http("http", _HTTP),
        Idle(
            "idle",
            _ECHO,
            bars={"Protocol": Bar(1, BY_HAND, offset=724), "streams": Bar(1, BY_HAND, offset=2452)},
            connections=10_000,
        ),
    ],
    notes="""\
- A server is a process on one core. `benchmarks/load/ping_pong.cpp`, on another core, keeps one message in
  flight on each connection and reads the server's CPU clock before and after. The result is the median of nine
  rounds (Asio, libuv: three, Python: one), and the median of the rounds' ratios. The load polls without
  sleeping, so that no server pays for waking it.
- Datagrams: the row says how many are in flight, all from one socket
  (`benchmarks/load/datagram_ping_pong.cpp`). By hand: recvmmsg and sendmmsg, 64 at once, on a socket that
  epoll watches.
- By hand: a level-triggered epoll server without any library (`benchmarks/peers/epoll/`). The HTTP peers
  parse the same request and answer with as many bytes as `examples/serve`.
- `serve_on`, and the one loop that it is compared with, run on any core, and so does their load, which has one
  thread for each loop unless the row says otherwise. A load of one thread does not keep two loops busy: each
  finds fewer messages when it wakes up. By hand: as many epoll threads, among which the connections are divided.
- Memory is resident anonymous memory (`RssAnon`) of 10,000 connections after one message each.
""",
)
