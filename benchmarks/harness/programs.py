"""Finding the programs that were built, running them, and collecting what they print."""

import json
import os
import pathlib
import subprocess
import sys

from harness.model import Python
from harness.progress import log

HERE = pathlib.Path(__file__).resolve().parent.parent


class Programs:
    """The programs of one build tree, and the interpreter for the Python peers."""

    def __init__(self, build):
        self.build = pathlib.Path(build)
        self.uvloop_python = python_with_uvloop()
        self.python = self.uvloop_python or sys.executable
        self._missing = set()

    def command(self, program):
        """The command line of the program, or None (reported once) if it does not exist."""
        if isinstance(program, Python):
            if program.uvloop and self.uvloop_python is None:
                self._say_missing("uvloop", "no Python with uvloop found: left out")
                return None
            if not all(self._has(needed) for needed in program.needs.split()):
                return None
            words = [self.python, str(HERE / "peers" / "python" / program.script)]
            words += [word.replace("{build}", str(self.build)) for word in program.arguments]
            return words + (["--uvloop"] if program.uvloop else [])
        for folder in ("benchmarks", "examples", "tools"):
            path = self.build / folder / program
            if os.access(path, os.X_OK) and path.is_file():
                return [str(path)]
        self._say_missing(program, f"{program} is not in {self.build}: left out")
        return None

    def _has(self, needed):
        if needed.startswith("built:"):
            found = any(self.build.glob(f"python/{needed.removeprefix('built:')}.*.so"))
        else:
            found = subprocess.run([self.python, "-c", f"import {needed}"], stderr=subprocess.DEVNULL).returncode == 0
        if not found:
            self._say_missing(needed, f"{needed} is not there: left out")
        return found

    def _say_missing(self, what, text):
        if what not in self._missing:
            self._missing.add(what)
            log(text)


def python_with_uvloop():
    for python in (sys.executable, "/usr/bin/python3"):
        probe = subprocess.run([python, "-c", "import uvloop"], stderr=subprocess.DEVNULL)
        if probe.returncode == 0:
            return python
    return None


def on_core(core):
    """For preexec_fn: keeps a program on one core. None if that core does not exist."""
    if core is None or core not in os.sched_getaffinity(0):
        return None
    return lambda: os.sched_setaffinity(0, {core})


def collect(command, core=None, timeout=120):
    """Runs a program to its end. Returns a dict of the printed names and values, empty if it failed."""
    try:
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=timeout,
            preexec_fn=on_core(core),
        )
    except subprocess.TimeoutExpired:
        log(f"{' '.join(command)}: not finished after {timeout} s")
        return {}
    if done.returncode != 0:
        log(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr.strip()}")
        return {}
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {line["name"]: line["value"] for line in lines}
