"""Measures asyncio's programs on one of several event loops: `loops.py ROW LOOP [BUILD]`.

LOOP is asyncio, uvloop, rloop or hocket; BUILD is the build tree with hocket's module. Prints the same lines of JSON as
measure.hpp; times are CPU time, the fastest of several batches.
"""

import argparse
import asyncio
import subprocess
import sys
import time

import chosen_loop
from micro import best, child, report

CALLS = 100_000
TASKS = 30_000
BATCHES = 5


def nothing():
    pass


async def measure_burst(loop):
    async def batch():
        for _ in range(CALLS):
            loop.call_soon(nothing)
        await asyncio.sleep(0)

    await best("burst", CALLS, batch, BATCHES)


async def measure_chain(loop):
    async def batch():
        done = loop.create_future()
        left = CALLS

        def step():
            nonlocal left
            left -= 1
            if left:
                loop.call_soon(step)
            else:
                done.set_result(None)

        loop.call_soon(step)
        await done

    await best("chain", CALLS, batch, BATCHES)


async def measure_timers(loop):
    async def batch():
        for _ in range(CALLS):
            loop.call_later(3600, nothing).cancel()
        # asyncio removes cancelled timers from its heap when the loop runs next.
        await asyncio.sleep(0)

    await best("timers", CALLS, batch, BATCHES)


async def measure_tasks(loop):
    async def batch():
        for i in range(TASKS):
            await loop.create_task(child(i))

    await best("tasks", TASKS, batch, BATCHES)


async def measure_futures(loop):
    async def batch():
        for _ in range(TASKS):
            future = loop.create_future()
            loop.call_soon(future.set_result, None)
            await future

    await best("futures", TASKS, batch, BATCHES)


async def measure_gather(loop):
    async def batch():
        for _ in range(20):
            await asyncio.gather(*(child(i) for i in range(1000)))

    await best("gather", 20_000, batch, BATCHES)


def measure_import(statement):
    """Milliseconds for an interpreter that imports the loop and makes one."""

    def once():
        began = time.monotonic_ns()
        subprocess.run([sys.executable, "-c", statement], check=True)
        return time.monotonic_ns() - began

    report("import", min(once() for _ in range(20)) / 1e6, "ms")


def main():
    rows = {name.removeprefix("measure_"): value for name, value in globals().items() if name.startswith("measure_")}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("row", choices=rows)
    parser.add_argument("loop", choices=chosen_loop.NAMES)
    parser.add_argument("build", nargs="?")
    arguments = parser.parse_args()
    if arguments.row == "import":
        prepare = chosen_loop.preparation(arguments.loop, arguments.build)
        measure_import(f"{prepare}import asyncio\nimport {arguments.loop}\n{arguments.loop}.new_event_loop().close()")
        return
    factory = chosen_loop.factory(arguments.loop, arguments.build)
    loop = factory()
    loop.run_until_complete(rows[arguments.row](loop))
    loop.close()


if __name__ == "__main__":
    main()
