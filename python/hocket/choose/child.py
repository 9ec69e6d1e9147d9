"""Starts a measuring process, talks to it, and makes sure that nothing of it is left."""

import contextlib
import multiprocessing.connection
import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
import time

from .accounting import session_members
from .errors import InputError, ModelFailed
from .measuring_process import Progress

# Set in every measuring process. BLAS and OpenMP would start threads of their own, which every model would then multiply.
# With one seed for all, sets of strings have the same order in all results.
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "BLIS_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "HOCKET_CHOOSE_MEASURING": "1",
}
STEPS = {
    "profile": "profiling the function",
    "start": "starting the workers",
    "check": "the run that compares the results",
    "run": "a run",
    "latencies": "the run that measures latencies",
}
START = "from hocket.choose.measuring_process import main; main()"


def is_resource_tracker(pid):
    """Whether this is multiprocessing's process that removes the semaphores of processes which were killed."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return b"multiprocessing.resource_tracker" in file.read()
    except OSError:
        return False  # it has ended


def wait_until(condition, seconds):
    """Polls until the condition holds; returns whether it did in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


class Child:
    def __init__(self, name, workload, cpus=None):
        self.name = name
        self.output = tempfile.TemporaryFile()
        # A process that is killed does not remove its temporary files.
        self.temporary = tempfile.TemporaryDirectory(prefix="hocket-", ignore_cleanup_errors=True)
        self.progress_descriptor = os.memfd_create("progress")
        os.ftruncate(self.progress_descriptor, 8)
        self.progress = Progress(self.progress_descriptor)
        self.progress(None)
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-c", START, str(theirs.fileno()), str(self.progress_descriptor)],
                stdin=subprocess.DEVNULL,
                stdout=self.output,
                stderr=self.output,
                pass_fds=(theirs.fileno(), self.progress_descriptor),
                env=os.environ | ENVIRONMENT | {"TMPDIR": self.temporary.name},
                start_new_session=True,
            )
        self.connection = multiprocessing.connection.Connection(ours.detach())
        setup = {
            "parent": os.getpid(),
            "name": name,
            "sys_path": sys.path,
            "cpus": cpus,
            "main_path": workload.function.main_path,
            "workload": pickle.dumps(workload),
        }
        try:
            self.connection.send(setup)
        except BrokenPipeError:
            pass  # it has ended already; wait_until_loaded says why
        except BaseException:
            self.kill()
            raise

    def wait_until_loaded(self, timeout):
        """Seconds that loading the function and the items took."""
        return self._answer(timeout, "loading the workload")

    def call(self, command, timeout, **arguments):
        try:
            self.connection.send((command, arguments))
        except BrokenPipeError:
            raise ModelFailed("died", self._death()) from None
        return self._answer(timeout, STEPS[command])

    def _answer(self, timeout, what):
        if not self.connection.poll(max(timeout, 0)):
            item = self.progress.read()
            self.kill()
            where = f"item {item} did not end" if item is not None else f"{what} did not end"
            raise ModelFailed("timeout", f"{where} in {timeout:.1f} s")
        try:
            status, value = self.connection.recv()
        except (EOFError, ConnectionResetError):
            raise ModelFailed("died", self._death()) from None
        if status == "input":
            raise InputError(value)
        if status == "model":
            raise ModelFailed(*value)
        return value

    def _death(self):
        end = os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT)
        exited = end.si_code == os.CLD_EXITED
        item = self.progress.read()
        reason = f"exited with status {end.si_status}" if exited else f"was killed by {signal.Signals(end.si_status).name}"
        text = f"the process {reason}" + (f" while item {item} ran" if item is not None else "")
        lines = self.printed().strip().splitlines()
        return f"{text}: {lines[-1]}" if lines else text

    def printed(self):
        """What the function wrote to stdout and stderr."""
        self.output.seek(0)
        return self.output.read(1 << 20).decode(errors="replace")

    def kill(self):
        """Kills the process and everything in its session. Safe to call again."""
        if self.process.returncode is not None:
            return
        # Stopped first, so that it cannot start another process between the listing and the killing.
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGSTOP)
        # What the members started meanwhile is found in the next turn.
        wait_until(lambda: not self.kill_session(), 5)
        # The tracker ends once it has removed the semaphores.
        if not wait_until(lambda: not any(session_members(self.process.pid)), 5):
            self.kill_session(with_tracker=True)
        # Last: until then, no other process can have this number.
        self.process.wait()

    def kill_session(self, with_tracker=False):
        """Kills what is in the session, its process groups included; returns whether there was anything to kill."""
        if self.process.returncode is not None:
            return False
        found = False
        for pid, _ in session_members(self.process.pid):
            if with_tracker or not is_resource_tracker(pid):
                found = True
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        return found

    def close(self):
        self.kill()
        self.connection.close()
        os.close(self.progress_descriptor)
        self.progress.memory.close()
        self.output.close()
        self.temporary.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()
