"""Chooses among the measured models."""

from dataclasses import dataclass

from .models import NAMES
from .statistics import median, ratio_interval

# A model is good enough if the best one is at most this much faster; among those the cheapest is chosen.
MARGIN = 1.10


@dataclass(frozen=True)
class Comparison:
    ratio: float
    interval: tuple[float, float]


def compare(slices, a, b):
    """How much faster a is than b, from slices that were measured in turn."""
    count = min(len(slices[a]), len(slices[b]))
    ratio, interval = ratio_interval(slices[a][:count], slices[b][:count])
    return Comparison(ratio, interval)


def fastest(slices):
    return max(slices, key=lambda name: median(slices[name]))


def choose(slices, margin=MARGIN):
    """(chosen model, whether the interval leaves no doubt). `slices` maps models to throughputs measured in turn.

    A model is chosen if the best is less than `margin` times faster. There is doubt if the interval of that ratio, for the
    chosen model or a cheaper one, reaches across the margin.
    """
    best = fastest(slices)
    clear = True
    for name in (name for name in NAMES if name in slices):
        if name == best:
            return name, clear
        difference = compare(slices, best, name)
        if difference.ratio < margin:
            return name, clear and difference.interval[1] < margin
        clear = clear and difference.interval[0] > margin
    return best, clear


def is_winner(slices, chosen, margin=MARGIN):
    """Whether the answer stands. It does not if, by the intervals, the chosen model may be much slower than the best one, or a
    cheaper model may be as good."""
    best = fastest(slices)
    if chosen != best:
        return compare(slices, best, chosen).interval[1] < margin**3
    return all(
        compare(slices, best, name).interval[0] > 1 / margin
        for name in slices
        if name != best and NAMES.index(name) < NAMES.index(best)
    )
