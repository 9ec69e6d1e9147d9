"""Measures the programs on each loop in turn."""

import select
import subprocess
import sys
import time

from .programs import PROGRAMS

__all__ = ["measure"]

# Each loop is measured so often, the loops in turn: what disturbs the machine for a moment disturbs all of them.
ROUNDS = 3


class _Child:
    """The process of one loop."""

    def __init__(self, name):
        self.name = name
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hocket.compare.child", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        self.why_not = None

    def answer(self, deadline):
        """A line of its output; None, and why_not says why, if it ends or does not answer in time."""
        if self.why_not is None:
            readable = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))[0]
            if readable and (line := self.process.stdout.readline()):
                return line
            if readable:
                last = self.process.stderr.read().decode(errors="replace").strip().split("\n")[-1]
                self.why_not = last or f"its process ended with {self.process.wait()}"
            else:
                self.why_not = "it did not come back"
            self.end()
        return None

    def measure(self, number, seconds, deadline):
        """The time of an operation, or None."""
        if self.why_not is None:
            try:
                self.process.stdin.write(b"[%d, %f]\n" % (number, seconds))
            except BrokenPipeError:
                pass  # answer() says why
        line = self.answer(deadline)
        return float(line) if line else None

    def end(self):
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()


def measure(loops, seconds, limit, progress):
    """Measures for so many seconds in all; what has not answered after `limit` seconds is left out.

    ({program's title: {loop: nanoseconds of CPU time for one operation}}, {loop: why it has no times}, whether Ctrl-C ended it)
    What was measured until Ctrl-C is returned; of the program that was interrupted, only if every loop has a result.
    """
    results, children = {}, []
    slice_ = seconds / (len(PROGRAMS) * len(loops) * ROUNDS)
    deadline = time.monotonic() + limit
    interrupted = False
    try:
        children += map(_Child, loops)
        for child in children:
            child.answer(deadline)
        for number, program in enumerate(PROGRAMS):
            progress(f"{program.title} …")
            times = {}
            for _ in range(ROUNDS):
                for child in children:
                    # A loop that hangs may not take the time of the others.
                    end = min(deadline, time.monotonic() + slice_ + 1)
                    if time_ := child.measure(number, slice_, end):
                        times[child.name] = min(time_, times.get(child.name, time_))
            results[program.title] = times
    except KeyboardInterrupt:
        interrupted = True
    finally:
        for child in children:
            if child.why_not is None:
                child.end()
    return results, {child.name: child.why_not for child in children if child.why_not}, interrupted
