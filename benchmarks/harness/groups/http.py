"""HTTP and databases."""

from harness.groups import http_server
from harness.model import Group

GROUP = Group(
    name="http and databases",
    title="HTTP and databases",
    peers=http_server.PEERS,
    subjects=http_server.SUBJECTS,
    notes=http_server.NOTES,
)
