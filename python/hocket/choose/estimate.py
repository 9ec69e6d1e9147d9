"""What a measured run would have reached on an otherwise idle machine, with the number of CPUs that was asked about."""

from dataclasses import dataclass

from .accounting import Usage

CLEAN_SHARE = 0.05
# /proc/stat counts in ticks of 10 ms for each CPU, so that a short run cannot tell the share of others exactly.
TICK_ERROR = 0.015


@dataclass(frozen=True)
class Run:
    model: str
    width: int
    chunk: int
    count: int
    usage: Usage
    memory: int

    @property
    def measured(self):
        return self.count / self.usage.wall

    @property
    def clean(self):
        """Whether the rest of the machine was idle enough for the clock on the wall to be right."""
        return self.usage.others <= CLEAN_SHARE + TICK_ERROR / self.usage.wall

    @property
    def cpu(self):
        """CPU seconds an item."""
        return self.usage.cpu / self.count


def quiet_throughput(run, profile, cores):
    """Items a second on `cores` CPUs without the other load.

    The truth lies between what was measured and what would have been measured had no thread ever waited for a CPU; in between,
    the demands of an item decide. Some of that waiting is the run's own doing, when it has more threads than there are CPUs:
    the bound by all CPUs covers this.
    """
    usage = run.usage
    if run.clean and cores <= usage.cpus:
        return run.measured
    # How long child processes that have ended were delayed is not known.
    known = usage.reaped_cpu <= 0.1 * usage.cpu
    undelayed = max(usage.wall - usage.delay, 0.0) if known else 0.0
    shortest = max(undelayed / run.count, seconds_by_demands(run, profile, cores))
    return max(run.measured, 1 / shortest)


def seconds_by_demands(run, profile, cores):
    """The least time between two items that the demands allow."""
    parent = run.usage.parent_cpu / run.count
    if run.model == "sequential":
        return run.cpu + profile.wait
    if run.model == "asyncio":
        return max(parent, (run.cpu + profile.wait) / run.width)
    if run.model == "threads":
        return max(run.cpu / cores, profile.gil_share * parent, (run.cpu + profile.wait) / run.width)
    return max(run.cpu / cores, parent, (run.cpu - parent + profile.wait) / run.width)
