"""hocket::http's server beside nginx and beside a bare epoll server with the same parser."""

import pathlib
import shutil
import tempfile
from dataclasses import dataclass

from harness.model import BY_HAND, OURS, Bar, Row
from harness.servers import ping_pong, rounds_of, running

_CONNECTIONS = 64
_DEPTH = 16
NGINX = "nginx"

# One process, as the others; what it serves is what hocket_http serves.
_CONFIGURATION = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    open_file_cache max=1000;
    keepalive_requests 1000000000;
    sendfile on;
    tcp_nopush on;
    types {{ text/plain txt; }}
    client_body_temp_path {folder};
    proxy_temp_path {folder};
    fastcgi_temp_path {folder};
    uwsgi_temp_path {folder};
    scgi_temp_path {folder};
    server {{
        listen 127.0.0.1:{port};
        location = /hello {{ default_type text/plain; return 200 "hello, world\\n"; }}
        location / {{ root {folder}; }}
    }}
}}
"""


@dataclass(frozen=True)
class Load:
    """What is asked of each server; the column is left out if it has no target."""

    row: Row
    targets: dict  # {column: target}
    messages: int = 1  # in one exchange


def _against_nginx(title):
    return Row(f"{title}, {_CONNECTIONS} connections", "ns CPU", Bar(0.6, NGINX), "median")


def _pipelined(title):
    return Row(f"{title}, pipelined {_DEPTH}", "ns CPU", Bar(1.1, BY_HAND), "median")


LOADS = [
    Load(_against_nginx("hello"), {OURS: "/hello", BY_HAND: "/hello", NGINX: "/hello"}),
    Load(_against_nginx("file of 13 B"), {OURS: "/files/hello.txt", NGINX: "/files/hello.txt"}),
    Load(_against_nginx("file of 10 KiB"), {OURS: "/files/ten.txt", NGINX: "/files/ten.txt"}),
    Load(
        _pipelined("hello"),
        {OURS: f"/hello*{_DEPTH}", BY_HAND: f"/hello*{_DEPTH}", NGINX: f"/hello*{_DEPTH}"},
        _DEPTH,
    ),
    Load(
        _pipelined("hello, plain function"),
        {OURS: f"/plain*{_DEPTH}", BY_HAND: f"/hello*{_DEPTH}"},
        _DEPTH,
    ),
]


@dataclass(frozen=True)
class HttpServer:
    name: str

    @property
    def rows(self):
        return [load.row for load in LOADS]

    def steps(self, run):
        return sum(rounds_of(OURS, run.quick) * len(load.targets) for load in LOADS)

    def measure(self, run):
        with tempfile.TemporaryDirectory() as folder:
            files = pathlib.Path(folder, "files")
            files.mkdir()
            (files / "hello.txt").write_text("hello, world\n", encoding="ascii")
            (files / "ten.txt").write_text("0123456789abcdef" * 640, encoding="ascii")
            with running(self._commands(run, folder)) as servers:
                for number in range(rounds_of(OURS, run.quick)):
                    for load in LOADS:
                        self._measure_load(run, servers, load, number)

    def _measure_load(self, run, servers, load, number):
        for column, target in load.targets.items():
            run.progress.step(self.name, f"round {number + 1}, {load.row.title}, {column}")
            if column not in servers:
                continue
            measured = ping_pong(run, servers[column], _CONNECTIONS, target)
            if measured:
                run.samples.add(load.row, column, number, measured["cpu"] / load.messages)

    def _commands(self, run, folder):
        commands = {}
        if ours := run.programs.command("hocket_http"):
            commands[OURS] = lambda port: [*ours, str(port), f"{folder}/files"]
        if by_hand := run.programs.command("epoll_http_beast"):
            commands[BY_HAND] = lambda port: [*by_hand, str(port), "131"]  # as long as our answer
        if nginx := shutil.which("nginx", path="/usr/sbin:/usr/bin"):

            def command(port):
                configuration = pathlib.Path(folder, "nginx.conf")
                text = _CONFIGURATION.format(folder=folder, port=port)
                configuration.write_text(text, encoding="ascii")
                return [nginx, "-p", folder, "-e", "stderr", "-c", str(configuration)]

            commands[NGINX] = command
        return commands
