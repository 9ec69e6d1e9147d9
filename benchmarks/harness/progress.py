"""Shows on stderr what is being measured, and the remaining time."""

import shutil
import sys
import time

_ERASE_LINE = "\r\033[K"


def log(text):
    """Prints a permanent line above the progress line."""
    print((_ERASE_LINE if sys.stderr.isatty() else "") + text, file=sys.stderr, flush=True)


class Progress:
    """On a terminal, one line that changes; otherwise, one line for each subject."""

    def __init__(self):
        self._steps = 0
        self._begun = 0
        self._subject = None
        self._start = time.monotonic()

    def expect(self, steps):
        """Sets the numbers of steps, one number for each subject."""
        self._steps = sum(steps)

    def step(self, subject, detail):
        """Shows the step that begins now."""
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
        # Steps differ in length, so no estimate is shown until some are done.
        if self._begun < 10:
            return ""
        each = (time.monotonic() - self._start) / self._begun
        return f", about {each * (self._steps - self._begun):.0f} s left"
