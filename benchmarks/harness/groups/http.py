"""HTTP and WebSocket."""

from harness.groups import http_server
from harness.model import Group

GROUP = Group(
    name="http",
    title="HTTP",
    peers=http_server.PEERS,
    subjects=http_server.SUBJECTS,
    notes=http_server.NOTES,
)
