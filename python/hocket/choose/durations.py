"""Durations as people write them: 30s, 500ms, 2m."""

import re

from .errors import InputError

UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "": 1.0}


def parse_duration(text):
    """Seconds; a number without a unit is seconds already."""
    if isinstance(text, (int, float)):
        seconds = float(text)
    else:
        match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*([a-z]*)\s*", text)
        if not match or match[2] not in UNITS:
            raise InputError(f"{text!r} is not a duration; write 30s, 500ms or 2m")
        seconds = float(match[1]) * UNITS[match[2]]
    if not 0 < seconds < float("inf"):
        raise InputError(f"{text!r} is not a duration above zero")
    return seconds


def parse_objective(text):
    """`p99=50ms` as (0.99, 0.05)."""
    match = re.fullmatch(r"p(\d+(?:\.\d+)?)=(.+)", text)
    if not match or not 0 < float(match[1]) < 100:
        raise InputError(f"{text!r} is not an objective; write p99=50ms")
    return float(match[1]) / 100, parse_duration(match[2])


def format_duration(seconds):
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.0f} ns"
