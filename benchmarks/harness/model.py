"""The types with which groups.* describe what is measured and which results are required."""

from dataclasses import dataclass
from typing import Callable, Optional, Union

OURS = "hocket"
BY_HAND = "by hand"


@dataclass(frozen=True)
class Row:
    """A line of a group's table. Title and unit together are its name."""

    title: str
    unit: str
    bar: Optional["Bar"] = None
    # "best" where all noise makes a run slower. Between processes, a round may also be fast by
    # luck; there the median counts.
    summary: str = "best"
    more_is_better: bool = False


@dataclass(frozen=True)
class Bar:
    """Our result may be at most (at least, where more is better) `limit` times the result of the column
    `against`, or of our own column in the row `against`, plus `offset`. Bars are ratios, so that they
    hold on any machine. Without `against`, the row itself is a ratio ("most to fewest")."""

    limit: float
    against: Union[None, str, Row] = None
    against_name: str = ""  # the name of a row `against`, in the table
    offset: float = 0  # in the row's unit; against a column only

    @property
    def other(self):
        return self.against_name if isinstance(self.against, Row) else self.against


@dataclass(frozen=True)
class Python:
    """A command: a script of peers/python with its arguments, in which "{build}" is the build tree. All
    other commands are strings, the names of programs in the build tree."""

    script: str
    arguments: tuple = ()
    uvloop: bool = False
    needs: str = ""  # Modules that must be installed; "built:" and a name is one of the build tree.


@dataclass(frozen=True)
class Group:
    """A table with its own peers.

    A subject is a set of rows that are measured together: it has a `name` and `rows`, `steps(run)`
    returns the number of steps, and `measure(run)` measures it.
    """

    name: str
    title: str
    peers: list
    subjects: list
    notes: str  # Markdown below the table: what was done, how often, and with which clock.
    on_request: bool = False  # Measured only if it is named, because of what it needs.
    versions: Callable = tuple  # Returns (name, version) of peers that belong to this group only.

    @property
    def columns(self):
        return [OURS, *self.peers]

    @property
    def rows(self):
        return [row for subject in self.subjects for row in subject.rows]
