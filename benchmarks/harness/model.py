"""The words in which groups.* say what is measured and what must be reached."""

from dataclasses import dataclass
from typing import Optional, Union

OURS = "hocket"
BY_HAND = "by hand"


@dataclass(frozen=True)
class Row:
    """A line of a group's table. Title and unit together are its name."""

    title: str
    unit: str
    bar: Optional["Bar"] = None
    # The best round counts where all noise makes a run slower. Between processes a lucky round
    # exists as well as an unlucky one: there the median counts.
    summary: str = "best"
    more_is_better: bool = False


@dataclass(frozen=True)
class Bar:
    """At most `limit` (at least, where more is better) times what the column `against`, or our own
    column in the row `against`, reaches, and `offset` more. Bars are ratios, so that they hold on any
    machine; without `against` the row itself is one ("most to fewest")."""

    limit: float
    against: Union[None, str, Row] = None
    against_name: str = ""  # of a row, in the table
    offset: float = 0  # in the row's unit; against a column only

    @property
    def other(self):
        return self.against_name if isinstance(self.against, Row) else self.against


@dataclass(frozen=True)
class Python:
    """A command: a script of peers/python with its arguments. Any other command is a string, the
    name of a program of the build tree."""

    script: str
    arguments: tuple = ()
    uvloop: bool = False


@dataclass(frozen=True)
class Group:
    """A table of its own, with its own peers beside ours.

    A subject is what is measured together: it has a `name` and `rows`, `steps(run)` says in how
    many steps it is measured, and `measure(run)` measures it.
    """

    name: str
    title: str
    peers: list
    subjects: list
    notes: str  # Markdown below the table: what was done, how often, on what clock.

    @property
    def columns(self):
        return [OURS, *self.peers]

    @property
    def rows(self):
        return [row for subject in self.subjects for row in subject.rows]
