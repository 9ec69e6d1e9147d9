"""The rows of the group "http" about the server."""

from harness.http_server import NGINX, HttpServer
from harness.model import BY_HAND

SUBJECTS = [HttpServer("http server")]
PEERS = [BY_HAND, NGINX]
NOTES = """\
- HTTP server: CPU time of the server for each request, one request in flight on each of 64 connections (or sixteen,
  pipelined); median of nine rounds and of their ratios. nginx: one process, no access log, `open_file_cache`, an
  answer from its configuration (`return`) for hello. By hand: a level-triggered epoll server with the same parser,
  Boost.Beast's, without Beast's containers, which looks at method, target and Host and answers with the same bytes,
  always the same: it is the floor of the row "hello" as well. Ours routes, calls a handler (a coroutine; "plain function": one that does not wait), and writes
  the fields of each answer.
"""
