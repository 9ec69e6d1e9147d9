"""Runs the command for the tests."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

HERE = Path(__file__).parent
# In the environment of everything that these tests start, as HOCKET_TEST.
MARK = str(uuid.uuid4())

# A shell starts what runs in the background with SIGINT ignored, and the commands that are interrupted here would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


def arguments(function, items="sample_workloads:numbers", *options, budget="8s"):
    return [sys.executable, "-m", "hocket.choose", f"sample_workloads:{function}", "--items", items, "--budget", budget, *options]


def start(*parts, variables=(), **options):
    environment = os.environ | {"HOCKET_TEST": MARK} | dict(variables)
    pipe = subprocess.PIPE
    return subprocess.Popen(arguments(*parts, **options), cwd=HERE, env=environment, stdout=pipe, stderr=pipe, text=True)


def choose(*parts, **options):
    """(status, stdout, stderr)"""
    process = start(*parts, **options)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def choose_json(function, items="sample_workloads:numbers", *options, **others):
    status, out, err = choose(function, items, "--json", *options, **others)
    assert status == 0, err
    return json.loads(out)


def wait_until(condition, seconds=60):
    """Polls until the condition holds or the time is over."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)


def processes_of_measurements():
    """Processes that a measurement started: they have its variable in their environment. Those of another run of the tests
    do not count."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                environment = Path("/proc", name, "environ").read_bytes()
            except OSError:
                continue
            if f"HOCKET_TEST={MARK}".encode() in environment and b"HOCKET_CHOOSE_MEASURING=1" in environment:
                found.append(Path("/proc", name, "cmdline").read_bytes())
    return found


def semaphores():
    """Names of the semaphores that the measured processes have created."""
    return sorted(path.name for path in Path("/dev/shm").glob(f"sem.{MARK}*"))
