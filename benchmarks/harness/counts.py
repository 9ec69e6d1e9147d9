"""Counts of what a message costs a server, by valgrind's cachegrind."""

import contextlib
import pathlib
import shutil
import tempfile
from dataclasses import dataclass

from harness.lockstep import LoadError, Lockstep, allow_descriptors
from harness.servers import running

# The first-level caches of most processors of today, and a second level of 1 MiB behind them, which cachegrind calls
# the last level.
_CACHES = ["--I1=32768,8,64", "--D1=32768,8,64", "--LL=1048576,16,64"]
# A server starts fifty times slower than without cachegrind, on a processor that may have other work.
_START_SECONDS = 60
_STOP_SECONDS = 60


class CountError(Exception):
    """A server or its load failed."""


@dataclass(frozen=True)
class Load:
    """The number of connections, and the bytes of a message."""

    connections: int
    size: int


# What a table shows: {title: the events that are added up}.
_COLUMNS = {
    "instructions": ["Ir"],
    "data references": ["Dr", "Dw"],
    "I1 misses": ["I1mr"],
    "D1 misses": ["D1mr", "D1mw"],
    "LL misses": ["ILmr", "DLmr", "DLmw"],
}


class Profile:
    """A file of cachegrind's, as a total and for each function: {function: {event: count}}."""

    def __init__(self, lines):
        self.functions = {}
        self.total = None
        events, function = [], None
        for line in lines:
            word, _, rest = line.strip().partition(" ")
            if word == "events:":
                events = rest.split()
            elif word == "summary:":
                self.total = dict(zip(events, map(int, rest.split())))
            elif word.startswith("fn="):
                function = self.functions.setdefault(line.strip()[3:], dict.fromkeys(events, 0))
            elif word.isdigit():
                for event, count in zip(events, rest.split()):
                    function[event] += int(count) if count != "." else 0

    def cost_of_message(self, fewer, messages):
        """What each of `messages` messages cost that this profile has and `fewer` does not:
        (the total, {function: its part})."""
        nothing = dict.fromkeys(self.total, 0)
        parts = {
            name: _cost(self.functions.get(name, nothing), fewer.functions.get(name, nothing), messages)
            for name in {**self.functions, **fewer.functions}
        }
        return _cost(self.total, fewer.total, messages), parts


def _cost(more, fewer, messages):
    return {
        title: sum(more[event] - fewer[event] for event in events) / messages
        for title, events in _COLUMNS.items()
    }


def cost_of_message(command, load, rounds, keep, title):
    """(the total, {function: its part}) of one message. `rounds` are the numbers of messages of each
    connection in the two runs."""
    with contextlib.ExitStack() as stack:
        folder = keep or stack.enter_context(tempfile.TemporaryDirectory())
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        few, many = (
            _profile(command, load, number, pathlib.Path(folder) / f"{title.replace(' ', '_')}.{number}")
            for number in rounds
        )
    return many.cost_of_message(few, load.connections * (rounds[1] - rounds[0]))


def _profile(command, load, rounds, file):
    # The environment is on the stack: with another one, data would be in other lines of the cache.
    valgrind = ["env", "-i", "LC_ALL=C", shutil.which("valgrind"), "--tool=cachegrind"]
    valgrind += ["--cache-sim=yes", *_CACHES, f"--cachegrind-out-file={file.resolve()}"]
    file.unlink(missing_ok=True)
    servers = {"server": lambda port: [*valgrind, *command, str(port)]}
    limits = {"start_seconds": _START_SECONDS, "stop_seconds": _STOP_SECONDS}
    try:
        allow_descriptors(load.connections)
        # The connections are closed after the server has ended: how many ends of files it would still see is chance.
        with contextlib.ExitStack() as clients, running(servers, core=None, **limits) as started:
            if not started:
                raise CountError(f"{command[0]} did not start under cachegrind")
            server = started["server"]
            lockstep = clients.enter_context(Lockstep(server, load.connections, load.size))
            for _ in range(rounds):
                lockstep.round()
    except (LoadError, OSError) as error:
        raise CountError(f"{command[0]}: {error}") from error
    profile = Profile(file.read_text().splitlines()) if file.exists() else None
    if profile is None or profile.total is None:
        raise CountError(f"{command[0]}: cachegrind wrote no counts\n{server.said.strip()}")
    return profile


def print_table(costs, load, base, stream):
    print(f"\nOne message of {load.size} bytes, {load.connections:,} connections", file=stream)
    headings = ["outside the kernel"]
    for title in costs:
        headings += [title] if title == base else [title, "ratio"]
    lines = [headings]
    for column in _COLUMNS:
        line = [column]
        for title, (total, _) in costs.items():
            line.append(_number(total[column]))
            if title != base:
                line.append(_ratio(total[column], costs[base][0][column]))
        lines.append(line)
    _print_aligned(lines, stream)


def _number(value):
    return f"{round(value, 1) + 0.0:,.1f}"  # + 0.0: not "-0.0"


def _ratio(value, base):
    # A server that fits into the cache has next to no misses.
    return f"{value / base:.2f}×" if base >= 0.05 else "–"


def print_functions(title, cost, number, stream):
    total, parts = cost
    most = sorted(parts, key=lambda name: -parts[name]["instructions"])[:number]
    # A function of few instructions may have most of the misses.
    most += [
        name
        for name in sorted(parts, key=lambda name: -parts[name]["D1 misses"])[:number]
        if name not in most and parts[name]["D1 misses"] >= 0.05
    ]
    lines = [["", *_COLUMNS]]
    for name in [None, *most]:
        part = parts[name] if name is not None else total
        short = name if name is None or len(name) <= 90 else name[:89] + "…"
        lines.append([short or "all", *(_number(part[column]) for column in _COLUMNS)])
    print(f"\n{title}", file=stream)
    _print_aligned(lines, stream)


def _print_aligned(lines, stream):
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    for line in lines:
        first, *numbers = (
            text.ljust(width) if place == 0 else text.rjust(width)
            for place, (text, width) in enumerate(zip(line, widths))
        )
        print("  ".join([first, *numbers]).rstrip(), file=stream, flush=True)
