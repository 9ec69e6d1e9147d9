"""TLS connections for programs that run on both loops: one end is asyncio's, the other a blocking ssl.SSLSocket."""

import asyncio
import contextlib
import functools
import pathlib
import socket
import ssl
import subprocess
import tempfile

from transport_programs import LIMIT, Recorder

_MAKE = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"


@functools.cache
def certificate():
    """The file of a certificate for localhost, and its key."""
    folder = tempfile.TemporaryDirectory()
    certificate.folder = folder  # removed at the end
    path = str(pathlib.Path(folder.name, "localhost.pem"))
    words = [*_MAKE.split(), "-addext", "subjectAltName=DNS:localhost", "-keyout", path, "-out", path]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return path


def server_context(version=None):
    return _limited(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), version)


def client_context(version=None):
    context = _limited(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), version)
    context.load_verify_locations(certificate())
    return context


def _limited(context, version):
    context.load_cert_chain(certificate())
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


async def connection():
    """A socket for the loop, and a blocking one that is its peer."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        peer = socket.create_connection(listening.getsockname())
        ours, _ = listening.accept()
    ours.setblocking(False)
    peer.settimeout(LIMIT)
    return ours, peer


def shake_hands(peer, is_client, version=None, context=None):
    """The blocking end, with TLS: for another thread."""
    context = context or (client_context if is_client else server_context)(version)
    return context.wrap_socket(peer, server_side=not is_client, server_hostname="localhost" if is_client else None)


# As a client of TLS 1.2, an end is the last that completes the handshake, so that its connection_made() may close.
LAST = {"is_server": False, "version": ssl.TLSVersion.TLSv1_2}


async def tls_pair(log, *, kind=Recorder, version=None, is_server=True, ours=None, theirs=None, **reactions):
    """A protocol on a new TLS connection, and its blocking peer."""
    loop = asyncio.get_running_loop()
    sock, peer = await connection()
    shaking = asyncio.create_task(asyncio.to_thread(shake_hands, peer, is_server, version, theirs))
    factory = lambda: kind(log, **reactions)
    try:
        if is_server:
            context = ours or server_context(version)
            _, protocol = await loop.connect_accepted_socket(factory, sock, ssl=context)
        else:
            context = ours or client_context(version)
            _, protocol = await loop.create_connection(factory, sock=sock, ssl=context, server_hostname="localhost")
    except Exception:
        with contextlib.suppress(OSError):
            (await shaking).close()
        peer.close()
        raise
    return protocol, await shaking


def receive(peer, count):
    """Exactly so many bytes."""
    received = bytearray()
    while len(received) < count:
        data = peer.recv(count - len(received))
        assert data, "the connection has ended"
        received += data
    return bytes(received)


def receive_all(peer):
    """Everything until the other end closes."""
    received = bytearray()
    with contextlib.suppress(OSError):
        while data := peer.recv(1 << 20):
            received += data
    return bytes(received)


def close_notify(peer):
    """Says goodbye and closes when the other end has said it, too."""
    with contextlib.suppress(OSError):
        peer.unwrap()
    peer.close()
