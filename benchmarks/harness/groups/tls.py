"""TLS servers on one core, under load from another."""

from harness.echo import Echo, Idle, Load
from harness.handshakes import Handshakes
from harness.model import BY_HAND, OURS, Bar, Group, Python


def _programs(ours, python):
    return {
        OURS: ours,
        BY_HAND: "epoll_tls_echo",
        "Asio": "asio_tls_echo",
        "uvloop": Python("server.py", (python,), uvloop=True),
        "asyncio": Python("server.py", (python,)),
    }


_SERVERS = {
    "Protocol": _programs("hocket_tls_echo_protocol", "protocol"),
    "streams": _programs("hocket_tls_echo", "streams"),
}
_IDLE_BAR = Bar(1, BY_HAND, offset=2048)

GROUP = Group(
    name="tls",
    title="TLS",
    peers=[BY_HAND, "Asio", "uvloop", "asyncio"],
    subjects=[
        Echo(
            "TLS echo",
            _SERVERS,
            limits={"Protocol": 1.10, "streams": 1.10},
            loads=[Load(64, 1024), Load(64, 16384)],
            load_program="load_tls_ping_pong",
            tls=True,
        ),
        Handshakes("TLS handshake", _SERVERS, limit=1.05),
        Idle(
            "idle TLS",
            _SERVERS,
            bars={"Protocol": _IDLE_BAR, "streams": _IDLE_BAR},
            connections=10_000,
            load_program="load_tls_idle",
            tls=True,
        ),
    ],
    notes="""\
- Servers, load and clock as above, with TLS 1.3 by the same OpenSSL for all, and one EC P-256 certificate
  (`benchmarks/load/tls_*.cpp`). The server's CPU clock includes encryption, which is most of it.
- By hand: a level-triggered epoll server in which OpenSSL reads and writes the socket itself, with
  read-ahead (`benchmarks/peers/epoll/tls_echo.cpp`): one read and one write for each message.
- Handshakes: one connection after the other, from accept to close, on which only goodbyes are said. The resumed ones
  have a ticket.
- hocket, the code by hand and Asio release OpenSSL's buffers when they are empty (SSL_MODE_RELEASE_BUFFERS).
""",
)
