"""`http_client.py aiohttp|httpx URL SECONDS`: 64 tasks send one GET after the other with one client. Prints the
same lines of JSON as hocket/http_client.cpp."""

import asyncio
import json
import sys
import time

IN_FLIGHT = 64


async def measure(get, seconds):
    requests = 0
    is_over = False

    async def send():
        nonlocal requests
        while not is_over:
            await get()
            requests += 1

    tasks = [asyncio.create_task(send()) for _ in range(IN_FLIGHT)]
    await asyncio.sleep(0.3)  # to warm up
    before, cpu, began = requests, time.process_time_ns(), time.monotonic_ns()
    await asyncio.sleep(seconds)
    count = requests - before
    wall = time.monotonic_ns() - began
    print(json.dumps({"name": "cpu", "value": (time.process_time_ns() - cpu) / count, "unit": "ns"}))
    print(json.dumps({"name": "rate", "value": count / wall * 1e9, "unit": "req/s"}))
    is_over = True
    await asyncio.gather(*tasks)


async def main():
    library, url, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    if library == "aiohttp":
        import aiohttp

        async with aiohttp.ClientSession() as session:

            async def get():
                async with session.get(url) as response:
                    assert response.status == 200 and await response.read()

            await measure(get, seconds)
    else:
        import httpx

        async with httpx.AsyncClient() as client:

            async def get():
                response = await client.get(url)
                assert response.status_code == 200 and response.content

            await measure(get, seconds)


asyncio.run(main())
