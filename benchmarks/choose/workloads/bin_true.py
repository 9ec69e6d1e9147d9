"""Running /bin/true."""

import asyncio
import subprocess

items = list(range(50))


def work(item):
    return subprocess.run(["/bin/true"]).returncode


async def awork(item):
    process = await asyncio.create_subprocess_exec("/bin/true")
    return await process.wait()
