"""HTTP and WebSocket."""

from harness.groups import http_client, http_server
from harness.model import Group

GROUP = Group(
    name="http",
    title="HTTP",
    peers=list(dict.fromkeys([*http_server.PEERS, *http_client.PEERS])),
    subjects=[*http_server.SUBJECTS, *http_client.SUBJECTS],
    notes=http_server.NOTES + http_client.NOTES,
)
