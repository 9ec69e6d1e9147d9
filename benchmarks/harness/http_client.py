"""An HTTP client with 64 requests in flight, against nginx."""

import contextlib
import os
import pathlib
import shutil
import tempfile
from dataclasses import dataclass

from harness.model import BY_HAND, Bar, Python, Row
from harness.progress import log
from harness.programs import collect
from harness.servers import LOAD_CORE, rounds_of, running

_CONFIGURATION = """
daemon off; master_process off; pid {home}/pid; error_log {home}/errors;
events {{ worker_connections 512; }}
http {{
  access_log off; keepalive_requests 1000000000; open_file_cache max=100;
  client_body_temp_path {home}/a; proxy_temp_path {home}/b; fastcgi_temp_path {home}/c;
  uwsgi_temp_path {home}/d; scgi_temp_path {home}/e;
  server {{ listen 127.0.0.1:{port}; root {home}; }}
}}
"""


@dataclass(frozen=True)
class HttpClient:
    name: str
    clients: dict  # {column: program}

    @property
    def cost(self):
        return Row("HTTP client, 64 requests in flight", "ns CPU", Bar(1.10, BY_HAND), "median")

    @property
    def rate(self):
        return Row(self.cost.title, "req/s", summary="median", more_is_better=True)

    @property
    def rows(self):
        return [self.cost, self.rate]

    def steps(self, run):
        return sum(rounds_of(column, run.quick) for column in self._found(run))

    def measure(self, run):
        with _nginx() as port:
            for number in range(max(rounds_of(column, run.quick) for column in self.clients)):
                for column, words in self._found(run).items():
                    if port is None or number >= rounds_of(column, run.quick):
                        continue
                    run.progress.step(self.name, f"round {number + 1}, {column}")
                    url = f"http://127.0.0.1:{port}/hello.txt"
                    measured = collect([*words, url, "0.3" if run.quick else "0.5"], core=LOAD_CORE)
                    if measured:
                        run.samples.add(self.cost, column, number, measured["cpu"])
                        run.samples.add(self.rate, column, number, measured["rate"])

    def _found(self, run):
        found = {}
        for column, program in self.clients.items():
            words = run.programs.command(program)
            if words and isinstance(program, Python):
                words[0] = "/usr/bin/python3"  # which has Debian's packages
            if words:
                found[column] = words
        return found


@contextlib.contextmanager
def _nginx():
    """Yields the port of a server of one process, or None if there is no nginx."""
    executable = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if not executable:
        log("nginx is not installed: left out")
        yield None
        return
    with tempfile.TemporaryDirectory() as home:
        os.chmod(home, 0o755)
        pathlib.Path(home, "hello.txt").write_text("hello, world\n", encoding="ascii")

        def command(port):
            text = _CONFIGURATION.format(home=home, port=port)
            pathlib.Path(home, "nginx.conf").write_text(text, encoding="ascii")
            return [executable, "-p", home, "-c", f"{home}/nginx.conf", "-e", f"{home}/errors"]

        with running({"nginx": command}) as servers:
            yield servers["nginx"].port if "nginx" in servers else None
