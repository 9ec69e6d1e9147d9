"""Finding the programs that were built, running them, and collecting what they print."""

import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent.parent


def log(text):
    print(text, file=sys.stderr, flush=True)


class Programs:
    """The programs of one build tree, and the interpreter for the Python peers."""

    def __init__(self, build):
        self.build = pathlib.Path(build)
        self.python = _python_with_uvloop()
        self._missing = set()

    def find(self, name):
        """The program's path, or None (said once) when it has not been built."""
        for folder in ("benchmarks", "examples"):
            path = self.build / folder / name
            if os.access(path, os.X_OK) and path.is_file():
                return str(path)
        if name not in self._missing:
            self._missing.add(name)
            log(f"  {name} is not in {self.build}: left out")
        return None

    def micro(self, column, program):
        """The command for one program of a micro-benchmark, or None when there is none."""
        if column in ("uvloop", "asyncio"):
            return self._python_command(column, "micro.py", program)
        path = self.find(program)
        return path and [path]

    def server(self, column, words):
        """The command for a server, to which its port is still to be added; or None."""
        if words[0] == "server.py":
            return self._python_command(column, *words)
        path = self.find(words[0])
        return path and [path, *words[1:]]

    def _python_command(self, column, script, *arguments):
        if column == "uvloop" and self.python is None:
            if "uvloop" not in self._missing:
                self._missing.add("uvloop")
                log("  no Python with uvloop found: left out")
            return None
        command = [self.python or sys.executable, str(HERE / "peers" / "python" / script)]
        arguments = list(arguments)
        if column == "uvloop" and "--uvloop" not in arguments:
            arguments.append("--uvloop")
        return command + arguments


def _python_with_uvloop():
    for python in (sys.executable, "/usr/bin/python3"):
        probe = subprocess.run([python, "-c", "import uvloop"], stderr=subprocess.DEVNULL)
        if probe.returncode == 0:
            return python
    return None


def on_core(core):
    """For preexec_fn: keeps a program on one core; nothing where that core does not exist."""
    if core is None or core not in os.sched_getaffinity(0):
        return None
    return lambda: os.sched_setaffinity(0, {core})


def collect(command, core=None, timeout=120):
    """Runs a program to its end; a dict of the names and values it printed, empty when it failed."""
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
        log(f"  {' '.join(command)}: not done after {timeout} s")
        return {}
    if done.returncode != 0:
        log(f"  {' '.join(command)}: exit {done.returncode}\n{done.stderr.strip()}")
        return {}
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {line["name"]: line["value"] for line in lines}
