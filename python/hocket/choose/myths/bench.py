"""Measures the workloads of the claims."""

from .. import widths
from ..child import Child
from ..cpus import usable_cpus
from ..estimate import Run, quiet_throughput
from ..interruption import interruptions_held_back
from ..workload import ItemsReference, Reference, Workload

MODULE = "hocket.choose.myths.workloads"
TIMEOUT = 30.0


class Bench:
    """Runs functions of the module `workloads` under a model. Each model of each function has a process of its own."""

    def __init__(self):
        self.cores = usable_cpus()
        self.children = {}
        self.profiles = {}

    def __enter__(self):
        return self

    def __exit__(self, *error):
        with interruptions_held_back():
            for child in self.children.values():
                child.close()

    def _child(self, function, model):
        if (function, model) not in self.children:
            asynchronous = Reference(MODULE, f"async_{function}") if model == "asyncio" else None
            workload = Workload(Reference(MODULE, function), ItemsReference(Reference(MODULE, "items")), asynchronous)
            with interruptions_held_back():
                child = self.children[function, model] = Child(model, workload)
            child.wait_until_loaded(TIMEOUT)
        return self.children[function, model]

    def profile(self, function):
        if function not in self.profiles:
            self.profiles[function] = self._child(function, "sequential").call("profile", TIMEOUT, seconds=0.4)
        return self.profiles[function]

    def run(self, function, model, width=1):
        """A Run of about half a second, and its items a second."""
        profile = self.profile(function)
        child = self._child(function, model)
        child.call("start", TIMEOUT, width=width)
        # The first run connects and fills caches, and shows how many items fit into half a second.
        first = max(2 * width, min(int(0.02 / profile.item_seconds), 1000))
        usage, _ = child.call("run", TIMEOUT, count=first)
        rate = first / usage.wall
        count = widths.count_for(width, rate, profile.item_seconds, seconds=0.5)
        usage, memory = child.call("run", TIMEOUT, count=count)
        run = Run(model, width, 1, count, usage, memory)
        return run, quiet_throughput(run, profile, self.cores)

    def speedup(self, function, model, width):
        """Throughput beside that of the sequential run, measured in turn three times."""
        ratios = []
        for _ in range(3):
            ratios.append(self.run(function, model, width)[1] / self.run(function, "sequential")[1])
        return sorted(ratios)[1]
