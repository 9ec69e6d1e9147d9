"""What was measured of one model."""

import math
from dataclasses import replace

from . import prediction, widths
from .answer import OTHER_CORES, Row
from .cpus import count_of_cpus
from .estimate import Run, quiet_throughput
from .statistics import bootstrap_interval, median, quantile

# A model that uses this part of the CPUs is limited by them.
BUSY = 0.75


def growth(runs):
    """How throughput grew with workers in these runs: 1 if in proportion, 0 if not at all."""
    first, last = runs[0], runs[-1]
    if first.width == last.width:
        return 1.0
    exponent = math.log(last.measured / first.measured) / math.log(last.width / first.width)
    return min(max(exponent, 0.0), 1.0)


class Arm:
    """A model, its runs at several numbers of workers, and the number it was settled on."""

    def __init__(self, model, profile, cores):
        self.model = model
        self.profile = profile
        self.cores = cores
        self.runs = []
        self.points = {}  # workers → items a second
        self.slices = []  # runs at the settled width, measured in turn with those of other models
        self.start_seconds = {}
        self.width = 1
        self.latencies = []  # of calls at the load that Study chose
        self.alive = True  # its process can be asked for more runs

    def run_of(self, width, chunk, count, usage, memory):
        return Run(self.model, width, chunk, count, usage, memory)

    def add(self, run):
        self.runs.append(run)
        self.points[run.width] = quiet_throughput(run, self.profile, self.cores)

    def best_width(self):
        return max(self.points, key=self.points.get)

    def settle(self):
        """The smallest number of workers that is nearly as good as the best."""
        if not self.slices and self.points:
            self.width = prediction.smallest_good_width(self.points)

    def throughput(self):
        if self.slices:
            return median([quiet_throughput(run, self.profile, self.cores) for run in self.slices])
        return self.points[self.width] if self.width in self.points else max(self.points.values())

    def demands(self):
        """The profile's demands with the overheads that the runs of this model have shown."""
        profile = self.profile
        demands = prediction.Demands(cpu=profile.cpu, wait=profile.wait, gil_share=profile.gil_share)
        if not self.runs:
            return demands
        run = min(self.runs, key=lambda run: (run.cpu, run.width))
        parent = run.usage.parent_cpu / run.count
        if self.model == "processes":
            worker = max(run.cpu - parent - profile.cpu, 1e-6)
            return replace(demands, parent_overhead=parent, worker_overhead=worker)
        if self.model == "asyncio":
            return replace(demands, async_cpu=run.cpu, task_overhead=0.0)
        return replace(demands, thread_overhead=max(run.cpu - profile.cpu, 1e-6))

    def predict(self, width, cores):
        return prediction.FORMULAS[self.model](self.demands(), width, cores)

    def expected_rate(self, width):
        """Items a second to expect of the machine as it is; a run must not take much longer than planned."""
        if self.model == "sequential":
            return 1 / self.profile.item_seconds
        if not self.runs:
            return min(self.predict(width, self.cores), width / self.profile.item_seconds)
        narrower = sorted((run for run in self.runs if run.width <= width), key=lambda run: run.width) or self.runs[:1]
        nearest = narrower[-1]
        extrapolated = nearest.measured * max(width / nearest.width, 1) ** growth(narrower)
        return min(extrapolated, max(self.predict(width, self.cores), nearest.measured))

    def latency(self, part):
        """Seconds within which this part of the calls ended, or None."""
        return quantile(self.latencies, part) if self.latencies else None

    def slice_seconds(self):
        run = self.slices[-1] if self.slices else self.runs[-1]
        return run.usage.wall

    def busy(self):
        """The part of the CPUs that it uses."""
        return self.throughput() * (self.slices or self.runs)[-1].cpu / self.cores

    def is_serialised(self):
        return self.throughput() < 1.2 / self.profile.item_seconds

    def reason(self):
        """What limits this model."""
        if self.model == "sequential":
            return "one item after the other"
        demands = self.demands()
        if self.model == "asyncio":
            if self.busy() * self.cores > 0.6:
                return "one thread, which the event loop keeps busy"
            return "something is serialised: more tasks do not help" if self.is_serialised() else "waits overlap"
        if self.model == "processes":
            if self.throughput() * demands.parent_overhead > 0.6:
                return "the parent process is busy pickling and passing items"
            if self.busy() > BUSY:
                return f"uses {count_of_cpus(self.cores)}, one GIL for each process"
            return "waits overlap" if self.profile.wait > self.profile.cpu else "limited by passing items between processes"
        under_gil = demands.gil_share * demands.cpu
        if self.throughput() * (under_gil + demands.thread_overhead) > 0.7 and under_gil > max(demands.thread_overhead, 0.3 * demands.cpu):
            return f"the GIL is held in {demands.gil_share:.0%} of the CPU time: one thread runs at a time"
        if self.throughput() * demands.thread_overhead > 0.5 and demands.thread_overhead > demands.cpu:
            return "handing items to threads costs more than the work"
        if self.busy() > BUSY:
            return f"the GIL is released: uses {count_of_cpus(self.cores)}"
        if self.profile.wait > self.profile.cpu and self.throughput() > 1.5 / self.profile.item_seconds:
            return "waits overlap"
        if self.is_serialised():
            return "something is serialised: more threads do not help"
        return "limited by contention between threads"

    def row(self, throughputs):
        """The row of the report; `throughputs` are those of the slices, if this model was confirmed."""
        values = throughputs or [self.throughput()]
        run = (self.slices or [r for r in self.runs if r.width == self.width] or self.runs)[-1]
        return Row(
            self.model,
            workers=self.width,
            chunk=run.chunk,
            items_per_s=median(values),
            interval=bootstrap_interval(values),
            p99=self.latency(0.99),
            cpu_per_item=run.cpu,
            memory=run.memory,
            start_seconds=self.start_seconds.get(self.width),
            reason=self.reason(),
            points=dict(sorted(self.points.items())),
            others={cores: self.best_on(cores) for cores in OTHER_CORES},
        )

    def contention(self):
        """How more threads slow each other down, if it was not the CPUs of this machine that limited them; else None."""
        if self.model != "threads" or self.busy() > BUSY:
            return None
        alone = 1, 1 / (self.profile.cpu + self.profile.wait)
        return prediction.fit_scalability([alone, *self.points.items()])

    def best_on(self, cores):
        """(items a second, workers) that the prediction gives on another number of CPUs.

        The prediction is scaled so that it agrees with the measurement on this machine, as far as it does not already.
        """
        here = self.predict(self.width, self.cores)
        correction = min(self.throughput() / here, 1.0) if here > 0 else 1.0
        candidates = [1] if self.model == "sequential" else widths.grid(self.model, cores)
        predicted = {width: self.predict(width, cores) * correction for width in candidates}
        law = self.contention()
        if law is not None:
            predicted = {width: min(throughput, law(width)) for width, throughput in predicted.items()}
        width = prediction.smallest_good_width(predicted)
        return predicted[width], width
