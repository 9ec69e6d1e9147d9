"""An aiohttp server for the tests of the client. Prints its port.

usage: http_peer.py [CERTIFICATE]
"""

import asyncio
import gzip
import hashlib
import json
import ssl
import sys

from aiohttp import web


async def echo(request):
    body = await request.read()
    answer = {
        "method": request.method,
        "target": request.raw_path,
        "headers": [[name, value] for name, value in request.headers.items()],
        "body": body.decode("latin-1"),
        "peer": request.transport.get_extra_info("peername")[1],
    }
    return web.Response(text=json.dumps(answer))


async def redirect(request):
    left = int(request.match_info["left"])
    status = int(request.query.get("status", "302"))
    target = f"/redirect/{left - 1}?status={status}" if left > 1 else "/echo"
    return web.Response(status=status, headers={"Location": target}, text="elsewhere")


async def set_cookie(request):
    response = web.Response(text="set")
    response.set_cookie("flavour", request.query["value"])
    return response


async def compressed(request):
    body = gzip.compress(b"hello, compressed world\n" * 1000)
    return web.Response(body=body, headers={"Content-Encoding": "gzip"})


async def not_gzip(request):
    return web.Response(body=b"this is not gzip", headers={"Content-Encoding": "gzip"})


async def digest(request):
    given = request.headers.get("Authorization", "")
    if not given.startswith("Digest "):
        challenge = 'Digest realm="test", nonce="abc", qop="auth", algorithm=MD5'
        return web.Response(status=401, headers={"WWW-Authenticate": challenge}, text="who?")
    fields = dict(part.strip().split("=", 1) for part in given[7:].split(","))
    fields = {name: value.strip('"') for name, value in fields.items()}

    def md5(text):
        return hashlib.md5(text.encode()).hexdigest()

    expected = md5(
        f"{md5('user:test:secret')}:abc:{fields['nc']}:{fields['cnonce']}:auth:"
        + md5(f"{request.method}:{fields['uri']}")
    )
    good = fields["response"] == expected
    return web.Response(status=200 if good else 403, text="digest" if good else "wrong")


async def upload(request):
    sha = hashlib.sha256()
    size = 0
    try:
        async for piece in request.content.iter_any():
            sha.update(piece)
            size += len(piece)
    except ConnectionResetError:  # the test cancelled the request
        pass
    framing = "chunked" if request.headers.get("Transfer-Encoding") else "length"
    return web.Response(text=f"{size} {sha.hexdigest()} {framing}")


async def multipart(request):
    lines = []
    reader = await request.multipart()
    async for part in reader:
        body = await part.read(decode=True)
        sha = hashlib.sha256(body).hexdigest()
        lines.append([part.name, part.filename, part.headers.get("Content-Type"), len(body), sha])
    return web.Response(text=json.dumps(lines))


async def pieces(request):
    response = web.StreamResponse()
    await response.prepare(request)
    for number in range(int(request.match_info["count"])):
        await response.write(f"line {number}\n".encode())
    return response


async def early(request):
    # Answers without reading the body.
    return web.Response(status=413, text="too much", headers={"Connection": "close"})


async def main():
    app = web.Application(client_max_size=1 << 30)
    app.router.add_route("*", "/echo", echo)
    app.router.add_route("*", "/redirect/{left}", redirect)
    app.router.add_get("/cookie", set_cookie)
    app.router.add_get("/compressed", compressed)
    app.router.add_get("/not-gzip", not_gzip)
    app.router.add_route("*", "/digest", digest)
    app.router.add_route("*", "/upload", upload)
    app.router.add_post("/multipart", multipart)
    app.router.add_get("/pieces/{count}", pieces)
    app.router.add_post("/early", early)
    context = None
    if len(sys.argv) > 1:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(sys.argv[1])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    print(site._server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
