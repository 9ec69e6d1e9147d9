"""A process with one event loop: reads which program to measure for how long, and writes the time of an operation.

A process of its own, because a loop may crash or never return.
"""

import asyncio
import gc
import importlib
import json
import signal
import sys
import time

from .programs import PROGRAMS

__all__ = ["main"]


def factory_of(name):
    """The function that makes a loop of this name: asyncio, or that of a package."""
    return asyncio.SelectorEventLoop if name == "asyncio" else importlib.import_module(name).new_event_loop


def fastest(runner, program, seconds):
    """Nanoseconds of CPU time for one operation, in the fastest batch."""
    result = float("inf")
    gc.collect()
    end = time.monotonic() + seconds
    while result == float("inf") or time.monotonic() < end:
        result = min(result, runner.run(_timed(program)))
    return result


async def _timed(program):
    loop = asyncio.get_running_loop()
    began = time.process_time_ns()
    await program.run(loop, program.count)
    return (time.process_time_ns() - began) / program.count


def main():
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the parent ends this one
    with asyncio.Runner(loop_factory=factory_of(sys.argv[1])) as runner:
        runner.get_loop()
        print("ready", flush=True)
        for line in sys.stdin:
            number, seconds = json.loads(line)
            print(fastest(runner, PROGRAMS[number], seconds), flush=True)


if __name__ == "__main__":
    main()
