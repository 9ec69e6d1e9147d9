"""TLS: asyncio's SSLProtocol, with what it does for each message in C++."""

import ssl
from asyncio import sslproto

from . import _hocket

__all__ = ["FAST", "Protocol"]


def _prepare():
    """Have C++ look at a session that nobody uses. Return whether it can use sessions."""
    import _ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = context.wrap_bio(incoming, outgoing)
    incoming.write(b"hocket")
    outgoing.write(b"TLS")
    return _hocket._prepare_tls(_ssl, session, incoming, outgoing)


FAST = _prepare()
"""Whether TLS is C++; otherwise it is all asyncio's, because this Python's ssl is not as hocket knows it."""


class _SSLProtocolTransport(sslproto._SSLProtocolTransport):
    """The transport that the application's protocol has."""


_SSLProtocolTransport.write = _hocket._make_tls_write(_SSLProtocolTransport)


class SSLProtocol(_hocket.TlsProtocol, sslproto.SSLProtocol):
    """asyncio drives the handshake and the shutdown, and decides what errors and full buffers mean."""

    def __init__(self, *args, **kwargs):
        self.max_size = 0  # asyncio's buffer for received bytes, which the loop has one of
        super().__init__(*args, **kwargs)
        del self.max_size

    def _get_app_transport(self):
        if self._app_transport is None:
            if self._app_transport_created:
                raise RuntimeError("Creating _SSLProtocolTransport twice")
            self._app_transport = _SSLProtocolTransport(self._loop, self)
            self._app_transport_created = True
        return self._app_transport


Protocol = SSLProtocol if FAST else sslproto.SSLProtocol
"""What runs TLS."""
