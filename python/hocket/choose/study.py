"""The whole measurement: profile, explore, confirm, decide."""

import math
import os
import random
import time
from dataclasses import dataclass, field

from . import decision, prediction, widths
from .answer import Answer, Row
from .child import Child
from .cpus import count_of_cpus, usable_cpus
from .durations import format_duration
from .errors import InputError, ModelFailed
from .estimate import quiet_throughput
from .interruption import interruptions_held_back
from .latency import LEAST_INTERVAL
from .measured import Arm
from .models import NAMES
from .models.pools import why_no_interpreters
from .profiling import short

# What the report and the end of the measuring processes take must fit into the budget too.
RESERVE = 0.07
CONTENDER_RATIO = 2.0
MOST_CORES = 4096
LEAST_ROUNDS, MOST_ROUNDS = 3, 15
IMPROVEMENT = 1.05


@dataclass(frozen=True)
class Options:
    budget: float = 30.0
    cores: float | None = None
    objective: tuple[float, float] | None = None  # (0.99, seconds)
    check: bool = True
    progress: object = field(default=lambda text: None, compare=False)


class Study:
    """Measures one workload. `run` returns the Answer; after KeyboardInterrupt, `answer` returns what is known so far."""

    def __init__(self, workload, options):
        if not os.path.exists("/proc/self/schedstat"):
            raise InputError("/proc is not mounted, or does not count the run delay of threads (schedstat)")
        self.workload = workload
        self.options = options
        self.available = usable_cpus()
        self.cores = self.available if options.cores is None else options.cores
        if not 0 < self.cores <= MOST_CORES:
            raise InputError(f"{self.cores:g} is not a number of CPUs to answer for")
        if options.objective and self.cores > self.available:
            raise InputError(f"a latency cannot be predicted: with an objective, --cores can be at most {self.available:g}")
        self.children = {}
        self.arms = {}  # model → Arm
        self.missing = {}  # model → why it has no numbers
        self.notes = []
        self.profile = None
        self.refusal = None
        self.random = random.Random(1)
        self.started = time.monotonic()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        with interruptions_held_back():
            # All at once: each needs some time to end.
            for child in self.children.values():
                child.kill_session()
            for child in self.children.values():
                child.close()

    def run(self):
        self._profile()
        if self.refusal is None:
            for name in NAMES[1:]:
                self._explore(name)
        if self.refusal is None:
            self._confirm()
            self._measure_latency()
        return self.answer()

    # Time

    def _elapsed(self):
        return time.monotonic() - self.started

    def _left(self, part=1.0):
        """Seconds until `part` of the budget is used."""
        return self.options.budget * part * (1 - RESERVE) - self._elapsed()

    def _patience(self):
        """Seconds to wait for one step of a model: if it hangs, there is time for the others."""
        return max(self._left() / 2, 0.1)

    # Profile

    def _start_children(self):
        """A process for each model that can be measured here. They load the function at the same time, then sleep."""
        if self.workload.async_function is None:
            self.missing["asyncio"] = "needs an asynchronous version of the function: --async module:function"
        if why_no_interpreters():
            self.missing["interpreters"] = why_no_interpreters()
        cpus = None
        if self.cores < self.available:
            cpus = sorted(os.sched_getaffinity(0))[: math.ceil(self.cores)]
        for name in NAMES:
            if name not in self.missing:
                with interruptions_held_back():
                    self.children[name] = Child(name, self.workload, cpus)
        for name, child in self.children.items():
            try:
                child.wait_until_loaded(self._left(0.5))
            except ModelFailed as error:
                if name == "sequential":
                    raise
                self.missing[name] = str(error)

    def _profile(self):
        self.options.progress("profiling one run")
        budget = self.options.budget
        try:
            self._start_children()
            startup = self._elapsed()
            timeout = max(budget / 2 - startup, 0.1)
            profile = self.children["sequential"].call("profile", timeout, seconds=min(1.0, budget / 20))
            self.profile = profile
        except ModelFailed as error:
            if error.kind == "timeout":
                raise InputError(f"{error}: the function hangs, or the budget of {format_duration(budget)} is too short") from None
            raise InputError(f"the function failed: {error}") from None
        needed = startup + 12 * profile.item_seconds
        if needed > budget - self._elapsed():
            raise InputError(
                f"the budget of {format_duration(budget)} is too short: an item takes {format_duration(profile.item_seconds)} and "
                f"loading the function {format_duration(startup)}; give at least {math.ceil(needed + self._elapsed())}s"
            )
        if self.options.check and profile.unstable_item is not None:
            self.refusal = (
                f"item {profile.unstable_item} gave different results in two sequential runs, so the models cannot be compared; "
                "if it should, leave the check out: --no-check, or check=False in code"
            )
        for name, accumulates in profile.state_changes:
            self.notes.append(f"The function changes the global {name}. Threads need a lock around it; each process changes a copy.")
            if accumulates:
                self._exclude_copies(f"each worker would change a copy of the global {name}")
        for lock in profile.locks:
            self._exclude_copies(f"each worker would have a copy of the lock {lock}, which then protects nothing")
        if profile.unpicklable:
            self._exclude_copies(profile.unpicklable)
            self.notes.append(f"Results were not compared: {profile.unpicklable}.")
        arm = Arm("sequential", profile, self.cores)
        self._measure(arm, 1, seconds=min(widths.SLICE_SECONDS, budget / 30))
        self.arms["sequential"] = arm

    def _exclude_copies(self, reason):
        for name in ("interpreters", "processes"):
            self.missing.setdefault(name, reason)

    # Explore

    def _explore(self, name):
        """Measures a model at several numbers of workers."""
        if name in self.missing:
            return
        self.options.progress(f"measuring {name}")
        share = {"asyncio": 0.25, "threads": 0.4, "interpreters": 0.5, "processes": 0.6}[name]
        arm = Arm(name, self.profile, self.cores)
        try:
            self._climb(arm, self._left(share))
        except ModelFailed as error:
            self.children[name].kill()
            arm.alive = False
            if error.kind == "differs":
                self.refusal = f"{name} gave a different result: {error}"
                self.missing[name] = str(error)
                return
            if not arm.runs or error.kind != "timeout":
                self.missing[name] = str(error)
                return
        self.arms[name] = arm

    def _climb(self, arm, seconds):
        """Starts with two workers and four, which shows contention. Then goes where the prediction is best, and on from there
        while it gets better."""
        end = time.monotonic() + seconds
        grid = widths.grid(arm.model, self.cores)
        self._measure(arm, grid[0], check=True)
        memory = arm.runs[-1].memory / grid[0]
        if arm.model == "processes":
            limit = widths.memory_limit(memory)
            grid = [width for width in grid if width <= limit] or grid[:1]
        predicted = {width: arm.predict(width, self.cores) for width in grid}
        target = prediction.smallest_good_width(predicted, 0.03)
        for width in (grid[min(1, len(grid) - 1)], target):
            if width not in arm.points and time.monotonic() < end:
                self._measure(arm, width)
        while time.monotonic() < end:
            # Upwards from the widest point, while that is worth it.
            widest = max(arm.points)
            wider = [width for width in grid if width > widest]
            best_below = max((x for width, x in arm.points.items() if width < widest), default=0)
            if not wider or arm.points[widest] < best_below * IMPROVEMENT:
                break
            self._measure(arm, wider[0])
        for width in (arm.best_width() // 2, arm.best_width() * 2):
            # What lies beside the best may be better still, or as good with fewer workers.
            width = widths.nearest(grid, width)
            if width not in arm.points and time.monotonic() < end:
                self._measure(arm, width)

    def _measure(self, arm, width, seconds=widths.SLICE_SECONDS, check=False):
        child = self.children[arm.model]
        left = self._patience()
        arm.start_seconds[width] = child.call("start", left, width=width) if arm.model != "sequential" else 0.0
        if check and self.options.check and self.profile.expected:
            fitting = max(2 * width, int(0.5 * width / max(self.profile.item_seconds, 1e-6)))
            child.call("check", left, expected=self.profile.expected[:fitting])
        if width not in arm.points and self.profile.item_seconds < 0.05:
            # The first calls of new workers open connections and fill caches.
            child.call("run", left, count=max(2 * width, 2), chunk=1)
        arm.add(self._slice(arm, width, seconds))

    def _slice(self, arm, width, seconds):
        chunk = widths.chunk_for(self.profile) if arm.model == "processes" else 1
        rate = arm.expected_rate(width)
        count = widths.count_for(width, rate, self.profile.item_seconds, chunk, seconds)
        usage, memory = self.children[arm.model].call("run", self._patience(), count=count, chunk=chunk)
        return arm.run_of(width, chunk, count, usage, memory)

    # Confirm

    def _confirm(self):
        """Measures the contenders in turn, until the answer is clear or the time is used."""
        for arm in self.arms.values():
            arm.settle()
        best = max(arm.throughput() for arm in self.arms.values())
        contenders = [
            name
            for name, arm in self.arms.items()
            if arm.alive and (name == "sequential" or arm.throughput() * CONTENDER_RATIO >= best)
        ]
        if len(contenders) == 1:
            return
        self.options.progress("confirming " + ", ".join(contenders))
        contenders = [name for name in contenders if self._start_settled(name)]
        for rounds in range(1, MOST_ROUNDS + 1):
            longest = max(sum(self.arms[name].slice_seconds() for name in contenders), 0.1)
            if self._left(0.85) < longest and rounds > 1:
                break
            try:
                for name in self.random.sample(contenders, len(contenders)):
                    arm = self.arms[name]
                    run = self._slice(arm, arm.width, widths.SLICE_SECONDS)
                    arm.slices.append(run)
            except ModelFailed as error:
                if error.kind != "timeout":
                    self._drop(name, str(error))
                    contenders.remove(name)
                    continue
                break
            if rounds >= LEAST_ROUNDS and decision.choose(self._throughputs())[1]:
                break

    def _start_settled(self, name):
        arm = self.arms[name]
        if name != "sequential":
            try:
                self.children[name].call("start", self._patience(), width=arm.width)
            except ModelFailed as error:
                self._drop(name, str(error))
                return False
        return True

    def _drop(self, name, reason):
        self.missing[name] = reason
        self.arms.pop(name, None)
        self.children[name].kill()

    def _throughputs(self):
        """model → throughputs of its slices, in pairs. If some rounds were clean for all, only those count."""
        arms = [arm for arm in self.arms.values() if arm.slices]
        if not arms:
            return {name: [arm.throughput()] for name, arm in self.arms.items()}
        rounds = min(len(arm.slices) for arm in arms)
        clean = [i for i in range(rounds) if all(arm.slices[i].clean for arm in arms)]
        chosen = clean if len(clean) >= LEAST_ROUNDS else range(rounds)
        throughputs = {arm.model: [quiet_throughput(arm.slices[i], self.profile, self.cores) for i in chosen] for arm in arms}
        return {name: values for name, values in throughputs.items() if values} or {
            name: [arm.throughput()] for name, arm in self.arms.items()
        }

    # Latency

    def _measure_latency(self):
        """At 70 % of each model's throughput, or the highest rate that can be kept to."""
        if self.cores > self.available:
            return
        for name, arm in self.arms.items():
            if not arm.alive or (not arm.slices and name != "sequential"):
                continue
            interval = max(1 / (0.7 * arm.throughput()), LEAST_INTERVAL)
            count = int(min(1000, min(1.5, self._left() / 6) / interval))
            if count < 20 or count * interval + 0.5 > self._left():
                continue
            try:
                arm.latencies = self.children[name].call("latencies", self._left(), count=count, interval=interval)
            except ModelFailed:
                continue

    # Answer

    def answer(self, interrupted=False):
        for arm in self.arms.values():
            arm.settle()
        throughputs = self._throughputs() if self.arms else {}
        self._note_output()
        rows = [self._row(name, throughputs) for name in NAMES]
        answer = Answer(self.workload, self.profile, rows, self.cores, list(self.notes), interrupted=interrupted)
        if not throughputs:
            answer.reason = self.refusal or "nothing was measured before the interruption"
            return answer
        if self.refusal:
            answer.reason = self.refusal
            return answer
        eligible = self._within_objective(throughputs)
        if not eligible:
            limit = format_duration(self.options.objective[1])
            measured = any(arm.latencies for arm in self.arms.values())
            answer.reason = f"no model keeps the latency below {limit}" if measured else "the budget was too short to measure latencies"
            return answer
        chosen, _ = decision.choose(eligible)
        computed = "throughputs are computed from CPU time, waiting and contention."
        if self.cores > self.available:
            answer.notes.append(f"Only {count_of_cpus(self.available)} can be used here: {computed}")
        elif not all(arm.slices[-1].clean for arm in self.arms.values() if arm.slices):
            answer.notes.append(f"The machine was busy: {computed}")
        answer.settle(chosen, decision.is_winner(eligible, chosen), throughputs)
        return answer

    def _note_output(self):
        if "sequential" in self.children:
            lines = self.children["sequential"].printed().splitlines()
            if lines:
                self.notes.append(f"The function prints ({short(lines[0])}); this was not shown.")

    def _within_objective(self, throughputs):
        if not self.options.objective:
            return throughputs
        part, limit = self.options.objective
        latencies = {name: self.arms[name].latency(part) for name in throughputs}
        return {name: throughputs[name] for name, latency in latencies.items() if latency is not None and latency <= limit}

    def _row(self, name, throughputs):
        if name not in self.arms:
            return Row(name, reason=self.missing.get(name, "not measured"))
        return self.arms[name].row(throughputs.get(name))
