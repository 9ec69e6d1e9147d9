"""HTTP and databases."""

from harness.groups import postgres
from harness.model import Group

GROUP = Group(
    name="http_and_databases",
    title="HTTP and databases",
    peers=postgres.PEERS,
    subjects=postgres.SUBJECTS,
    notes=postgres.NOTES,
)
