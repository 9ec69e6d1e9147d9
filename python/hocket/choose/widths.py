"""Which numbers of workers to try, and how many items to give them."""

import math

from .accounting import available_memory

MOST = {"asyncio": 256, "threads": 256, "interpreters": 32, "processes": 32}
SLICE_SECONDS = 0.3


def grid(model, cores):
    """Numbers of workers worth considering: powers of two, and the number of CPUs."""
    most = max(MOST[model], math.ceil(cores))
    widths = {2**k for k in range(1, 10) if 2**k <= most}
    widths |= {math.ceil(cores), 2 * math.ceil(cores)} - {1}
    return sorted(width for width in widths if width <= most)


def memory_limit(memory_each):
    """Workers that fit into half of the memory that is available."""
    return max(int(available_memory() / 2 / max(memory_each, 1)), 2)


def nearest(widths, width):
    """The smallest of `widths` that is at least `width`, or the largest there is."""
    return min((w for w in widths if w >= width), default=widths[-1])


def chunk_for(profile):
    """Items that a worker process gets at once: about 5 ms of work, no more than 1 MiB of pickles."""
    by_time = 0.005 / max(profile.cpu + profile.wait, 1e-9)
    by_size = (1 << 20) / max(profile.pickle_bytes, 1)
    return max(1, int(min(by_time, by_size, 1000)))


def count_for(width, rate, item_seconds, chunk=1, seconds=SLICE_SECONDS):
    """Items for a run of about `seconds`: whole waves, so that no worker idles while others finish the last items."""
    wave = width * chunk
    waves = max(math.ceil(rate * seconds / wave), 1)
    if waves < 4 and item_seconds < seconds:
        waves = min(4, max(waves, math.ceil(seconds / max(item_seconds, 1e-6))))
    return min(waves * wave, max(200_000, wave))
