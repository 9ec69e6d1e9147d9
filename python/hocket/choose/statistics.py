"""Intervals for a few noisy measurements."""

import math
import random


def quantile(values, q):
    """Linear interpolation between the order statistics."""
    ordered = sorted(values)
    position = q * (len(ordered) - 1)
    low = math.floor(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


def median(values):
    return quantile(values, 0.5)


def bootstrap_interval(values, confidence=0.95, resamples=1000, seed=1):
    """The interval of the median, by resampling. A single value has no interval: it is returned twice."""
    if len(values) < 2:
        return (values[0], values[0])
    generator = random.Random(seed)
    medians = sorted(median(generator.choices(values, k=len(values))) for _ in range(resamples))
    tail = (1 - confidence) / 2
    return quantile(medians, tail), quantile(medians, 1 - tail)


def ratio_interval(numerators, denominators):
    """The median of paired ratios and its interval. Pairs are taken in order: each pair was measured close together, so what
    changes slowly on the machine cancels out."""
    logs = [math.log(a / b) for a, b in zip(numerators, denominators)]
    low, high = bootstrap_interval(logs)
    return math.exp(median(logs)), (math.exp(low), math.exp(high))
