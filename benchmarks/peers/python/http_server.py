"""The HTTP servers that are measured on several event loops: uvicorn and aiohttp answer every request with 13 bytes."""

import argparse
import asyncio

import chosen_loop

BODY = b"hello, world\n"


async def answer(scope, receive, send):
    """An ASGI application."""
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(BODY))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


async def serve_uvicorn(port, parser):
    import uvicorn

    config = uvicorn.Config(answer, port=port, http=parser, lifespan="off", access_log=False, log_level="error", backlog=4096)
    await uvicorn.Server(config).serve()


async def serve_aiohttp(port):
    from aiohttp import web

    async def hello(request):
        return web.Response(body=BODY, content_type="text/plain")

    application = web.Application()
    application.router.add_get("/hello", hello)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=4096).start()
    await asyncio.Event().wait()


SERVERS = {
    "uvicorn-h11": lambda port: serve_uvicorn(port, "h11"),
    "uvicorn-httptools": lambda port: serve_uvicorn(port, "httptools"),
    "aiohttp": serve_aiohttp,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=SERVERS)
    parser.add_argument("port", type=int)
    parser.add_argument("--loop", choices=chosen_loop.NAMES, default="asyncio")
    parser.add_argument("--build", help="the build tree with hocket's module")
    arguments = parser.parse_args()
    with asyncio.Runner(loop_factory=chosen_loop.factory(arguments.loop, arguments.build)) as runner:
        runner.run(SERVERS[arguments.kind](arguments.port))


if __name__ == "__main__":
    main()
