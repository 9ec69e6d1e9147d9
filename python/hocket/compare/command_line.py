"""The command line: `python -m hocket`, and the same as `hocket compare`."""

import argparse
import json
import os
import signal
import sys

from .facts import in_use, versions
from .loops import installed_loops
from .measure import measure
from .report import print_facts, print_table

# Seconds of measuring; starting and the last batch of each program come on top. And after how many all of it ends.
LONG, QUICK, LIMIT = 6.0, 1.5, 9.5


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"{self.prog}: {message} (see --help)\n")


def parser():
    result = Parser(
        prog="python -m hocket",
        allow_abbrev=False,
        description="Shows versions, what hocket's event loop uses, and how it compares with asyncio's, and with uvloop and rloop "
        "if they are installed, on this machine. Takes ten seconds at most. `python -m hocket choose` is another tool.",
    )
    result.add_argument("--quick", action="store_true", help="measure for two seconds only, less exactly")
    result.add_argument("--json", action="store_true", help="print one JSON object instead of the tables")
    return result


def show_progress(text):
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def main(argv=None):
    arguments = parser().parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")
    try:
        return report(arguments)
    except BrokenPipeError:
        # The reader, `head` for example, has gone. Nothing may be flushed there as Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE


def report(arguments):
    facts = {"versions": versions(), "in_use": in_use()}
    if not arguments.json:
        print_facts(facts, sys.stdout)
        sys.stdout.flush()
    loops = installed_loops()
    seconds = QUICK if arguments.quick else LONG
    try:
        results, failed, interrupted = measure(loops, seconds, LIMIT, show_progress)
    finally:
        show_progress("")
    for name, why in failed.items():
        print(f"{name} has not been measured to the end: {why}", file=sys.stderr)
    if arguments.json:
        facts |= {"unit": "ns of CPU time", "comparison": results, "failed": failed, "interrupted": interrupted}
        print(json.dumps(facts, indent=2))
    else:
        print_table(results, loops, sys.stdout)
    sys.stdout.flush()
    if interrupted:
        return 128 + signal.SIGINT
    return 1 if {"asyncio", "hocket"} & set(failed) else 0
