"""Python programs on hocket's event loop, beside asyncio's, uvloop and rloop."""

import subprocess

from harness.echo import Idle, Load
from harness.loop_server import LoopServer
from harness.micro import Micro
from harness.model import OURS, Bar, Group, Python, Row
from harness.programs import python_with_uvloop

_PEERS = ("asyncio", "uvloop", "rloop")


def _subject(name, title, against_asyncio, against_uvloop):
    """Our time may be at most 1 / `against_…` of that of the peer."""
    return Micro(
        f"python_{name}",
        {
            OURS: Python("loops.py", (name, "hocket", "{build}"), needs="built:_hocket"),
            **{peer: Python("loops.py", (name, peer), needs=peer) for peer in _PEERS},
        },
        {
            name: (
                Row(title, "ns", Bar(round(1 / against_asyncio, 3), "asyncio")),
                Row(title, "ns", Bar(round(1 / against_uvloop, 3), "uvloop")),
            )
        },
        rounds=3,
        python_rounds=3,
    )


def _servers(script, kind):
    # Without rloop: its servers (0.5.0) refuse all connections.
    needs = kind.replace("-", " ") if script == "http_server.py" else ""
    return {
        OURS: Python(script, (kind, "--loop=hocket", "--build={build}"), needs=f"built:_hocket {needs}"),
        **{peer: Python(script, (kind, f"--loop={peer}"), needs=f"{peer} {needs}") for peer in ("asyncio", "uvloop")},
    }


def _echo(kind, title, load, against_asyncio, against_uvloop, tls=False):
    return LoopServer(
        f"python_{'tls_' if tls else ''}echo_{kind}_{load.size}",
        f"{'TLS ' if tls else ''}echo, {title}, {load.title}",
        _servers("server.py", kind),
        load.connections,
        str(load.size),
        (Bar(round(1 / against_asyncio, 3), "asyncio"), Bar(round(1 / against_uvloop, 3), "uvloop")),
        load_program="load_tls_ping_pong" if tls else "load_ping_pong",
        tls=tls,
    )


def _http(kind):
    title = kind.replace("-", " with ")
    servers = _servers("http_server.py", kind)
    return LoopServer(f"python_http_{kind}", f"HTTP hello, {title}, 64 connections", servers, 64, "/hello", (Bar(1, "uvloop"),))


def _versions():
    python = python_with_uvloop() or "python3"
    script = (
        "import importlib.metadata as m, platform as p\n"
        "print('CPython', p.python_version())\n"
        "for name in ('uvloop', 'rloop'):\n"
        "    try: print(name, m.version(name))\n"
        "    except m.PackageNotFoundError: pass\n"
    )
    done = subprocess.run([python, "-c", script], stdout=subprocess.PIPE, text=True)
    return [tuple(line.split(" ", 1)) for line in done.stdout.splitlines()]


GROUP = Group(
    name="python",
    title="Python",
    peers=list(_PEERS),
    subjects=[
        _subject("burst", "call_soon, 100,000 at once", 3, 1.8),
        _subject("chain", "call_soon, each by the last", 8, 4),
        _subject("timers", "call_later + cancel", 8, 4),
        _subject("tasks", "create_task + await", 3.2, 1.8),
        _subject("futures", "future + await", 4, 2),
        _subject("gather", "gather of 1,000", 2, 1.3),
        _echo("protocol", "Protocol", Load(64, 1024), 2, 1.15),
        _echo("protocol", "Protocol", Load(16, 100 * 1024), 2.5, 1),
        _echo("streams", "streams", Load(64, 1024), 2.5, 1.5),
        _echo("protocol", "Protocol", Load(64, 1024), 3, 1.6, tls=True),
        _echo("streams", "streams", Load(64, 1024), 3, 1.7, tls=True),
        _http("uvicorn-h11"),
        _http("uvicorn-httptools"),
        _http("aiohttp"),
        Idle(
            "python_idle",
            {"Protocol": _servers("server.py", "protocol")},
            bars={"Protocol": Bar(0.5, "uvloop")},
            connections=5000,
            title="idle",
        ),
        Micro(
            "python_import",
            {
                OURS: Python("loops.py", ("import", "hocket", "{build}"), needs="built:_hocket"),
                **{peer: Python("loops.py", ("import", peer), needs=peer) for peer in _PEERS},
            },
            {"import": Row("start Python and make a loop", "ms", Bar(1, "asyncio", offset=15))},
            rounds=1,
        ),
    ],
    notes="""\
- The same programs (`benchmarks/peers/python/loops.py`) on each loop, with Python's own Task and Future. CPU time:
  the fastest of three rounds of five batches.
- A row appears twice because it has two bars.
- Echo servers: as those of the group `network`, with the same load. CPU time of the server for a message, most of which
  the kernel needs to send and receive; the median of seven rounds, in turns. Memory: `RssAnon` of 5,000 connections
  after one message each.
- HTTP: a server that answers with 13 bytes, by the packages of the system's Python (Debian 12: uvicorn 0.17, aiohttp 3.8).
- TLS: 1.3, by Python's OpenSSL, with one EC P-256 certificate.
- rloop is measured if it is installed (`pip install rloop`).
""",
    versions=_versions,
)
