"""Measures asyncio and uvloop in the same way as the C++ programs: `micro.py ROW [--uvloop]`.

Prints the same lines of JSON as measure.hpp; times are CPU time, the fastest of several batches.
"""

import argparse
import asyncio
import concurrent.futures
import json
import os
import random
import subprocess
import tempfile
import time


def report(name, value, unit):
    print(json.dumps({"name": name, "value": value, "unit": unit}), flush=True)


async def best(name, operations, batch, batches=3, clock=time.process_time_ns):
    """Times `await batch()`."""
    fastest = float("inf")
    for _ in range(batches):
        began = clock()
        await batch()
        fastest = min(fastest, clock() - began)
    report(name, fastest / operations, "ns")


def anonymous_bytes():
    with open("/proc/self/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith("RssAnon:"))
    return int(line.split()[1]) * 1024


async def child(value):
    return value


async def measure_await():
    async def batch():
        for i in range(500_000):
            await child(i)

    await best("await", 500_000, batch)


async def measure_tasks():
    async def batch():
        for i in range(50_000):
            await asyncio.create_task(child(i))

    await best("create_task", 50_000, batch)


async def measure_parked():
    tasks = 100_000
    before = anonymous_bytes()
    alive = [asyncio.create_task(asyncio.sleep(3600)) for _ in range(tasks)]
    await asyncio.sleep(0.1)
    report("parked", (anonymous_bytes() - before) / len(alive), "B")
    # This row does not measure the destruction of the tasks.
    os._exit(0)


async def measure_yield():
    async def worker():
        for _ in range(100):
            await asyncio.sleep(0)

    async def batch():
        await asyncio.gather(*(worker() for _ in range(1000)))

    await best("yield", 100 * 1000, batch)


async def measure_lock():
    lock = asyncio.Lock()

    async def batch():
        for _ in range(200_000):
            await lock.acquire()
            lock.release()

    await best("lock", 200_000, batch)


async def measure_queue():
    items = 50_000
    for capacity in (1, 64):
        queue = asyncio.Queue(capacity)

        async def produce():
            for i in range(items):
                await queue.put(i)

        async def consume():
            for _ in range(items):
                await queue.get()

        async def batch():
            await asyncio.gather(produce(), consume())

        await best(f"queue_{capacity}", items, batch)


async def measure_timers():
    alive = 1_000_000
    loop = asyncio.get_running_loop()
    deadlines = [random.randrange(1000) / 1000 for _ in range(alive)]

    async def cancel():
        handles = [loop.call_later(3600 + 3600 * deadline, int) for deadline in deadlines]
        for handle in handles:
            handle.cancel()
        # asyncio removes cancelled timers from its heap when the loop runs next.
        await asyncio.sleep(0)

    async def expire():
        for deadline in deadlines:
            loop.call_later(deadline, int)
        # All are alive at once, and all are due when the loop runs again.
        time.sleep(1)
        finished = loop.create_future()
        loop.call_later(0.1, finished.set_result, None)
        await finished

    # A million Python timers take seconds: one batch each.
    await best("timer_cancel", alive, cancel, batches=1)
    await best("timer_expire", alive, expire, batches=1)


async def measure_threads():
    loop = asyncio.get_running_loop()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        for in_flight in (1, 64):
            hops = 5_000

            async def worker():
                for _ in range(hops // in_flight):
                    await loop.run_in_executor(pool, int)

            async def batch():
                await asyncio.gather(*(worker() for _ in range(in_flight)))

            await best(
                f"thread_{in_flight}",
                hops // in_flight * in_flight,
                batch,
                clock=time.monotonic_ns,
            )


async def measure_files():
    size, page, reads = 1 << 30, 4096, 6_400
    with tempfile.TemporaryFile() as file:
        fd = file.fileno()
        os.ftruncate(fd, size)
        for at in range(0, size, 1 << 20):
            os.pread(fd, 1 << 20, at)
        loop = asyncio.get_running_loop()

        async def worker():
            for _ in range(reads // 64):
                at = random.randrange(size // page) * page
                await loop.run_in_executor(None, os.pread, fd, page, at)

        async def batch():
            await asyncio.gather(*(worker() for _ in range(64)))

        await best("read_64", reads, batch, clock=time.monotonic_ns)
        await best("read_64_cpu", reads, batch)


async def measure_pool():
    tasks = 100_000

    async def post():
        with concurrent.futures.ThreadPoolExecutor() as pool:
            for _ in range(tasks):
                pool.submit(int)

    async def submit():
        with concurrent.futures.ThreadPoolExecutor() as pool:
            futures = [pool.submit(int) for _ in range(tasks)]
            for future in futures:
                future.result()

    async def one_in_flight():
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            for _ in range(5_000):
                pool.submit(int).result()

    await best("post", tasks, post, clock=time.monotonic_ns)
    await best("submit", tasks, submit, clock=time.monotonic_ns)
    await best("one_parked", 5_000, one_in_flight, clock=time.monotonic_ns)


PROGRAMS = 20


async def measure_subprocess():
    async def batch():
        for _ in range(PROGRAMS):
            process = await asyncio.create_subprocess_exec("/bin/true")
            if await process.wait() != 0:
                raise SystemExit("true has failed")

    await best("true", PROGRAMS, batch, batches=20, clock=time.monotonic_ns)


async def measure_popen():
    async def batch():
        for _ in range(PROGRAMS):
            subprocess.run(["/bin/true"], check=True)

    await best("true", PROGRAMS, batch, batches=20, clock=time.monotonic_ns)


def main():
    rows = {
        name[len("measure_") :]: function
        for name, function in globals().items()
        if name.startswith("measure_")
    }
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("row", choices=rows)
    parser.add_argument("--uvloop", action="store_true")
    arguments = parser.parse_args()
    if arguments.uvloop:
        import uvloop

        uvloop.install()
    asyncio.run(rows[arguments.row]())


if __name__ == "__main__":
    main()
