"""The claims, and how each is measured. A measure returns (what was measured, the verdict)."""

import asyncio
import cProfile
import pstats
import subprocess
import sys
import threading

from . import workloads

MIB = 1 << 20


def threads_have_memory_of_their_own(bench):
    shared = []
    thread = threading.Thread(target=shared.append, args=("from the thread",))
    thread.start()
    thread.join()
    return f"a thread appended to a list; the main thread then finds {len(shared)} element in it", "false: they share it"


def threads_speed_up_python(bench):
    speedup = bench.speedup("python", "threads", 2)
    share = bench.profile("python").gil_share
    return f"a loop in Python with 2 threads: {speedup:.2f}× sequential; the GIL is held in {share:.0%} of its CPU time", verdict(
        speedup < 1.1, "false: one thread runs at a time", "true on this Python"
    )


def threads_speed_up_sha256(bench):
    speedup = bench.speedup("sha256", "threads", 2)
    share = bench.profile("sha256").gil_share
    return f"SHA-256 of 1 MiB with 2 threads: {speedup:.2f}× sequential; the GIL is held in {share:.0%} of its CPU time", verdict(
        speedup > 1.3, "true: C code that releases the GIL runs in parallel", "false here: is there a second CPU?"
    )


def processes_suit_web_scraping(bench):
    threads, thread_rate = bench.run("wait", "threads", 32)
    processes, process_rate = bench.run("wait", "processes", 32)
    text = (
        f"requests that wait 50 ms, 32 at a time: threads {thread_rate:.0f}/s with {threads.memory / MIB:.0f} MiB and "
        f"{threads.cpu * 1e6:.0f} µs of CPU time each; processes {process_rate:.0f}/s with {processes.memory / MIB:.0f} MiB and "
        f"{processes.cpu * 1e6:.0f} µs"
    )
    return text, verdict(
        process_rate < 1.1 * thread_rate, "false: the same throughput for more memory and CPU time", "true: they are faster here"
    )


def futures_are_for_cpu(bench):
    waits = bench.speedup("wait", "threads", 32)
    computes = bench.speedup("python", "processes", 2)
    return (
        f"concurrent.futures: 32 threads make waits of 50 ms {waits:.0f}× faster, 2 processes make Python code {computes:.2f}× faster",
        verdict(waits > 5, "false: it does both; threads or processes is the question", "true"),
    )


def tasks_run_simultaneously(bench):
    computes = bench.speedup("python", "asyncio", 8)
    waits = bench.speedup("wait", "asyncio", 8)
    return f"8 tasks at a time: {computes:.2f}× sequential for a loop in Python, {waits:.1f}× for waits of 50 ms", verdict(
        computes < 1.1, "false: tasks take turns in one thread; only their waits overlap", "true"
    )


def asyncio_is_ideal_for_files(bench):
    ratio = bench.speedup("read", "asyncio", 8)
    plain = bench.profile("read")
    task, _ = bench.run("read", "asyncio", 8)
    return (
        f"reading 4 KiB from the page cache costs {plain.cpu * 1e6:.1f} µs of CPU time, and {task.cpu * 1e6:.0f} µs with asyncio, "
        f"which has to ask a thread: {ratio:.2f}× the throughput",
        verdict(ratio < 0.9, "false: asyncio has no files, only threads", "true"),
    )


def asyncio_rivals_parallel_programs(bench):
    tasks = bench.speedup("python", "asyncio", 8)
    processes = bench.speedup("python", "processes", 2)
    waits = bench.speedup("wait", "asyncio", 64)
    return (
        f"a loop in Python: asyncio {tasks:.2f}× sequential, 2 processes {processes:.2f}×; waits of 50 ms: asyncio with 64 tasks {waits:.0f}×",
        verdict(processes > 1.2 * tasks, "false for computing, true for waiting", "true here: is there a second CPU?"),
    )


def executor_takes_a_pool(bench):
    script = (
        "import asyncio, multiprocessing\n"
        "async def main():\n"
        "    with multiprocessing.Pool(1) as pool:\n"
        "        await asyncio.get_running_loop().run_in_executor(pool, abs, -1)\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30)
    errors = done.stderr.strip().splitlines()
    return (
        f"run_in_executor(multiprocessing.Pool(1), abs, -1): {errors[-1] if errors else 'worked'}",
        verdict(done.returncode != 0, "false: it needs an Executor of concurrent.futures, such as ProcessPoolExecutor", "true"),
    )


def executor_takes_an_async_function(bench):
    async def run():
        result = await asyncio.get_running_loop().run_in_executor(None, workloads.async_wait, 1)
        kind = type(result).__name__
        if asyncio.iscoroutine(result):
            result.close()
        return kind

    kind = asyncio.run(run())
    return f"the result of run_in_executor(None, async_function, 1) is a {kind}", verdict(
        kind == "coroutine", "false: the thread creates the coroutine, and nothing runs it", "true"
    )


def profiler_tells_which_model_fits(bench):
    parts, speedups = [], []
    for function in ("regex", "sha256", "wait"):
        profiler = cProfile.Profile()
        profiler.runcall(lambda: [getattr(workloads, function)(item) for item in range(5)])
        statistics = pstats.Stats(profiler).stats
        seconds = max(entry[2] for entry in statistics.values())
        speedups.append(bench.speedup(function, "threads", 2))
        parts.append(f"{function}: {seconds / 5 * 1e3:.1f} ms a call in cProfile, {speedups[-1]:.2f}× with 2 threads")
    return "; ".join(parts), verdict(
        max(speedups) > 1.2 * min(speedups),
        "false: it counts seconds, not who holds the GIL or waits",
        "not decided: threads helped all of them alike",
    )


def verdict(condition, true, false):
    return true if condition else false


CLAIMS = (
    ("Threads have memory of their own", threads_have_memory_of_their_own),
    ("Threading speeds up CPU-bound work (pure Python)", threads_speed_up_python),
    ("Threading speeds up CPU-bound work (SHA-256)", threads_speed_up_sha256),
    ("Multiprocessing suits web scraping", processes_suit_web_scraping),
    ("concurrent.futures is for CPU work, asyncio for I/O", futures_are_for_cpu),
    ("asyncio runs tasks simultaneously", tasks_run_simultaneously),
    ("asyncio is ideal for files", asyncio_is_ideal_for_files),
    ("asyncio rivals parallel programs", asyncio_rivals_parallel_programs),
    ("run_in_executor takes a multiprocessing.Pool", executor_takes_a_pool),
    ("run_in_executor takes an async function", executor_takes_an_async_function),
    ("cProfile tells which model fits", profiler_tells_which_model_fits),
)
