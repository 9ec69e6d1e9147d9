#!/usr/bin/env python3
"""Judges hocket.choose: measures every model at every number of workers, and compares the answers with that.

An answer is right if its model reaches at least 1/1.10 of the throughput of the best model, each at its best number of workers.

    python3 benchmarks/choose/judge.py                       # the suite, on a quiet machine
    python3 benchmarks/choose/judge.py --busy --rounds 3     # with a process beside it that burns one CPU
    python3 benchmarks/choose/judge.py sleep http            # some workloads
    python3 benchmarks/choose/judge.py --other               # workloads that the suite does not contain

The truth is measured once, without the burning process, and kept in the file given by --truth: a survey of every model at
every number of workers, then a final of the models at their best numbers, in turn.
"""

import argparse
import contextlib
import importlib
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from hocket.choose import widths  # noqa: E402
from hocket.choose.child import Child  # noqa: E402
from hocket.choose.errors import InputError, ModelFailed  # noqa: E402
from hocket.choose.estimate import Run  # noqa: E402
from hocket.choose.models import NAMES as MODELS  # noqa: E402
from hocket.choose.models.pools import why_no_interpreters  # noqa: E402
from hocket.choose.workload import Workload, parse_items, parse_reference  # noqa: E402

SUITE = importlib.import_module("workloads").NAMES
OTHER = importlib.import_module("other_workloads").NAMES
MARGIN = 1.10
SLICE_SECONDS = 0.5
REPEATS = 2
TRIES = 4
FINAL_ROUNDS = 7


def workload_of(name):
    package = "workloads" if name in SUITE else "other_workloads"
    has_async = "async def awork" in (HERE / package / f"{name}.py").read_text()
    module = f"{package}.{name}"
    function, items = parse_reference(f"{module}:work"), parse_items(f"{module}:items")
    return Workload(function, items, parse_reference(f"{module}:awork") if has_async else None)


def measured(child, model, width, chunk, rate):
    """The median of repeated runs. Runs during which the machine was busy are repeated; if all are, the best one counts."""
    item_seconds = width / rate
    clean, all_runs = [], []
    for _ in range(TRIES):
        count = widths.count_for(width, rate, item_seconds, chunk, SLICE_SECONDS)
        usage, memory = child.call("run", 120, count=count, chunk=chunk)
        run = Run(model, width, chunk, count, usage, memory)
        all_runs.append(run.measured)
        rate = run.measured
        if run.clean:
            clean.append(run.measured)
        if len(clean) == REPEATS:
            break
    return statistics.median(clean) if clean else max(all_runs)


def survey(workload, cpus):
    """model → workers → items a second, one after the other; and the profile of the workload."""
    with Child("sequential", workload, cpus) as child:
        child.wait_until_loaded(60)
        profile = child.call("profile", 60, seconds=0.5)
        rate = 1 / profile.item_seconds
        truth = {"sequential": {1: measured(child, "sequential", 1, 1, rate)}}
    for model in MODELS[1:]:
        if model == "asyncio" and not workload.async_function or model == "interpreters" and why_no_interpreters():
            continue
        if model in ("interpreters", "processes") and (profile.locks or profile.unpicklable):
            continue  # fast, and wrong: every process would have a lock of its own
        truth[model] = {}
        with Child(model, workload, cpus) as child:
            child.wait_until_loaded(60)
            for width in widths.grid(model, len(cpus)):
                child.call("start", 60, width=width)
                chunk = widths.chunk_for(profile) if model == "processes" else 1
                usage, _ = child.call("run", 120, count=2 * width * chunk, chunk=chunk)
                truth[model][width] = measured(child, model, width, chunk, 2 * width * chunk / usage.wall)
    return truth, profile


def finals(workload, cpus, found, profile):
    """model → items a second at its best number of workers: measured in turn, because the speed of a machine changes within
    the minutes that a survey takes."""
    best = {model: max(points, key=points.get) for model, points in found.items()}
    top = max(found[model][best[model]] for model in found)
    rates = {model: [] for model in found}
    with contextlib.ExitStack() as stack:
        running = {}
        for model, width in best.items():
            if found[model][width] >= top / 2:
                running[model] = child = stack.enter_context(Child(model, workload, cpus))
                child.wait_until_loaded(60)
                if model != "sequential":
                    child.call("start", 60, width=width)
        for _ in range(FINAL_ROUNDS):
            for model, child in running.items():
                width, chunk = best[model], widths.chunk_for(profile) if model == "processes" else 1
                rate = found[model][width]
                count = widths.count_for(width, rate, width / rate, chunk, SLICE_SECONDS)
                usage, memory = child.call("run", 120, count=count, chunk=chunk)
                rates[model].append(Run(model, width, chunk, count, usage, memory).measured)
    return {model: statistics.median(rates[model]) if rates[model] else found[model][best[model]] for model in found}


def true_throughputs(name):
    """{"survey": model → workers → items a second, "finals": model → items a second}"""
    workload = workload_of(name)
    cpus = sorted(os.sched_getaffinity(0))
    found, profile = survey(workload, cpus)
    return {"survey": found, "finals": finals(workload, cpus, found, profile)}


def answer_of(name, budget):
    """What the command says, and how long it took."""
    workload = workload_of(name)
    command = [sys.executable, "-m", "hocket.choose", str(workload.function), "--items", str(workload.items.reference), "--json"]
    command += ["--budget", f"{budget}s"]
    if workload.async_function:
        command += ["--async", str(workload.async_function)]
    began = time.monotonic()
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True)
    seconds = time.monotonic() - began
    if done.returncode != 0:
        return {"answer": f"status {done.returncode}", "workers": None, "reason": done.stderr.strip(), "models": []}, seconds
    return json.loads(done.stdout), seconds


def judge(truth, answer):
    """(best model, its throughput, part of it that the answer's model reaches)."""
    best = truth["finals"]
    winner = max(best, key=best.get)
    return winner, best[winner], best.get(answer["answer"], 0.0) / best[winner]


@contextlib.contextmanager
def burning(active):
    """A process beside the measurement that uses one CPU."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"]) if active else None
    try:
        yield
    finally:
        if process:
            process.kill()
            process.wait()


def missing_module(name):
    package = "workloads" if name in SUITE else "other_workloads"
    try:
        importlib.import_module(f"{package}.{name}")
    except ModuleNotFoundError as error:
        return error.name
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--other", action="store_true", help="judge the workloads that are not in the suite")
    parser.add_argument("--busy", action="store_true", help="burn one CPU while the answers are sought")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--budget", type=float, default=30.0, help="seconds for each answer")
    parser.add_argument("--truth", type=Path, help="keep what was measured exhaustively in this file, and use it if it is there")
    arguments = parser.parse_args()
    names = arguments.names or (OTHER if arguments.other else SUITE)
    known = json.loads(arguments.truth.read_text()) if arguments.truth and arguments.truth.exists() else {}
    wrong = 0
    print(f"{'workload':<16} {'best':<22} {'answer':<18} {'reached':>7} {'speedup':>8} {'seconds':>7}")
    for _ in range(arguments.rounds):
        right = judged = 0
        for name in names:
            missing = missing_module(name)
            if missing:
                print(f"{name:<16} left out: {missing} is not installed")
                continue
            if name not in known:
                known[name] = true_throughputs(name)
                if arguments.truth:
                    arguments.truth.write_text(json.dumps(known, indent=1))
            with burning(arguments.busy):
                answer, seconds = answer_of(name, arguments.budget)
            winner, best, reached = judge(known[name], answer)
            good = reached >= 1 / MARGIN and seconds <= arguments.budget + 2
            right, judged = right + good, judged + 1
            said = f"{answer['answer']} {answer['workers'] or ''}"
            speedup = f"{answer['speedup']:.2f}x" if answer.get("speedup") else "-"
            seen = ", ".join(f"{row['model']} × {row['workers']} {row['items_per_s']:.4g}/s" for row in answer["models"] if row.get("items_per_s"))
            verdict = "" if good else f"  WRONG: {answer['reason']} ({seen})"
            print(f"{name:<16} {winner + f' {best:,.0f}/s':<22} {said:<18} {reached:>7.0%} {speedup:>8} {seconds:>7.1f}{verdict}", flush=True)
        print(f"{right} of {judged} right\n", flush=True)
        wrong += judged - right
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (InputError, ModelFailed) as error:
        sys.exit(f"judge: {error}")
