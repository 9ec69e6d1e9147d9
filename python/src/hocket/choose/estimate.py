"""What a measured run would have reached on an otherwise idle machine."""

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
    """Items a second without the other load.

    The truth lies between what was measured and what would have been measured had no thread ever waited for a CPU; in between,
    the demands of an item decide. Some of that waiting is the run's own doing, when it has more threads than there are CPUs:
    the bound by all CPUs covers this.
    """
    if run.clean:
        return run.measured
    usage = run.usage
    if run.model in ("sequential", "asyncio"):
        # One thread: whenever it waits for a CPU, somebody else has it.
        return run.count / max(usage.wall - usage.delay, usage.wall * 0.02)
    bound = min(cores / run.cpu, run.width / (run.cpu + profile.wait))
    if run.model == "threads":
        under_gil = profile.gil_share * (run.cpu - usage.reaped_cpu / run.count)
        bound = min(bound, 1 / max(under_gil, 1e-9))
    else:
        parent = usage.parent_cpu / run.count
        bound = min(cores / run.cpu, run.width / (run.cpu - parent + profile.wait), 1 / max(parent, 1e-9))
    # The delay of child processes that have ended is not known.
    if usage.reaped_cpu < 0.1 * usage.cpu:
        bound = min(bound, run.count / max(usage.wall - usage.delay, usage.wall * 0.02))
    return max(run.measured, bound)
