"""The result: what was measured of each model, and which one to use."""

from dataclasses import dataclass, field

from . import decision


# Numbers of CPUs for which the report predicts an answer.
OTHER_CORES = (1, 2, 4, 8, 16, 32)


@dataclass
class Row:
    """A model in the report. Without `items_per_s` it was not measured, and `reason` says why."""

    model: str
    workers: int | None = None
    chunk: int = 1
    items_per_s: float | None = None
    interval: tuple[float, float] | None = None
    p99: float | None = None  # seconds
    cpu_per_item: float | None = None  # seconds
    memory: int | None = None  # bytes
    start_seconds: float | None = None
    reason: str = ""
    points: dict = field(default_factory=dict)  # workers → items a second
    others: dict = field(default_factory=dict)  # CPUs → (items a second, workers), predicted

    def as_json(self):
        return {
            "model": self.model,
            "workers": self.workers,
            "items_per_s": self.items_per_s,
            "interval": self.interval,
            "p99_ms": scaled(self.p99, 1e3),
            "cpu_us_per_item": scaled(self.cpu_per_item, 1e6),
            "memory_mib": scaled(self.memory, 1 / (1 << 20)),
            "reason": self.reason,
        }


def scaled(value, factor):
    return None if value is None else value * factor


@dataclass
class Answer:
    """`choice` is the model to use, or "none"."""

    workload: object
    profile: object
    rows: list
    cores: float
    notes: list
    choice: str = "none"
    workers: int | None = None
    speedup: float | None = None  # over sequential
    interval: tuple[float, float] | None = None
    reason: str = ""
    interrupted: bool = False

    def row(self, model):
        return next(row for row in self.rows if row.model == model)

    def settle(self, chosen, clear, throughputs):
        row = self.row(chosen)
        if chosen == "sequential" or "sequential" not in throughputs:
            self.speedup, self.interval = 1.0, (1.0, 1.0)
        else:
            comparison = decision.compare(throughputs, chosen, "sequential")
            self.speedup, self.interval = comparison.ratio, comparison.interval
        if not clear:
            self.speedup = self.interval = None
            self.reason = f"no clear winner: the intervals of {chosen} and a cheaper or faster model overlap"
            return
        self.choice, self.workers = chosen, row.workers
        self.reason = self._why(chosen, throughputs)

    def _why(self, chosen, throughputs):
        if chosen != "sequential":
            return self.row(chosen).reason
        others = {name: decision.compare(throughputs, name, "sequential").ratio for name in throughputs if name != "sequential"}
        if not others:
            return "no other model comes within half of its throughput" if len(self.rows) > 1 else self.row(chosen).reason
        name = max(others, key=others.get)
        return f"no other model is {decision.MARGIN - 1:.0%} faster; {name} would be {others[name]:.3g}× ({self.row(name).reason})"

    def on_cores(self, cores):
        """(model, workers, items a second) that the same rule chooses from the predictions for another number of CPUs."""
        options = {row.model: row.others[cores] for row in self.rows if cores in row.others}
        name, _ = decision.choose({name: [throughput] for name, (throughput, _) in options.items()})
        throughput, workers = options[name]
        return name, workers, throughput

    def as_json(self):
        return {
            "answer": self.choice,
            "workers": self.workers,
            "speedup": self.speedup,
            "interval": self.interval,
            "reason": self.reason,
            "models": [row.as_json() for row in self.rows],
            "cores": self.cores,
            "notes": self.notes,
            "interrupted": self.interrupted,
        }
