"""Saying on stderr what is being measured, and for how long it will go on."""

import shutil
import sys
import time

_ERASE_LINE = "\r\033[K"


def log(text):
    """A line that stays, above the line of progress."""
    print((_ERASE_LINE if sys.stderr.isatty() else "") + text, file=sys.stderr, flush=True)


class Progress:
    """On a terminal one line that changes; elsewhere a line for each subject."""

    def __init__(self):
        self._steps = 0
        self._begun = 0
        self._subject = None
        self._start = time.monotonic()

    def expect(self, steps):
        """How many there will be, subject by subject."""
        self._steps = sum(steps)

    def step(self, subject, detail):
        """Says what begins now."""
        if sys.stderr.isatty():
            line = f"[{self._begun + 1}/{self._steps}{self._left()}] {subject}: {detail}"
            line = line[: shutil.get_terminal_size().columns - 1]
            print(_ERASE_LINE + line, end="", file=sys.stderr, flush=True)
        elif subject != self._subject:
            log(f"{subject} ({time.monotonic() - self._start:.0f} s)")
        self._subject = subject
        self._begun += 1

    def clear(self):
        if sys.stderr.isatty():
            print(_ERASE_LINE, end="", file=sys.stderr, flush=True)

    def _left(self):
        # The steps are of different lengths: until some are done, nothing can be said.
        if self._begun < 10:
            return ""
        each = (time.monotonic() - self._start) / self._begun
        return f", about {each * (self._steps - self._begun):.0f} s left"
