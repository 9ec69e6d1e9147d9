"""An asyncio event loop on hocket's engine."""

import asyncio
import signal
import socket
import threading
from asyncio import unix_events

from . import _hocket

__all__ = ["EventLoopPolicy", "Loop", "install", "new_event_loop", "run"]


class Loop(_hocket.Loop, unix_events._UnixSelectorEventLoop):
    """asyncio's event loop, with hocket's engine in place of the selector.

    In C++ are: the queue of callbacks, their handles and timers (call_soon, call_soon_threadsafe, call_later, call_at), the
    turns of the loop, watching descriptors (add_reader, add_writer and what is built on them), the transports of TCP and
    Unix stream sockets, and what TLS does for each message.
    Everything else is asyncio's own code: servers, datagrams, pipes, handshakes, sock_*, subprocesses, signals, executors.

    It may be used wherever asyncio's loop may: one thread runs it, and only call_soon_threadsafe may be called from others.
    """

    def __init__(self):
        super().__init__(_EngineSelector(self))

    def run_forever(self):
        """Run until stop() is called."""
        if self.is_running() or threading.current_thread() is not threading.main_thread():
            return super().run_forever()
        # A signal that arrives just before the loop sleeps, or on another thread, must end the sleep.
        former = self._take_wakeup_fd()
        try:
            super().run_forever()
        finally:
            if former is not None:
                self._give_wakeup_fd_back(former)

    def add_signal_handler(self, sig, callback, *args):
        """Add a handler for a signal, as asyncio does. Only the main thread may."""
        self._check_closed()
        self._open_self_pipe()
        return super().add_signal_handler(sig, callback, *args)

    def remove_signal_handler(self, sig):
        """Remove the handler of a signal. Return whether there was one."""
        removed = super().remove_signal_handler(sig)
        # asyncio has stopped waking the loop for signals when none is left.
        if removed and not self._signal_handlers and self.is_running():
            self._take_wakeup_fd()
        return removed

    # Transports

    def _make_socket_transport(self, sock, protocol, waiter=None, *, extra=None, server=None):
        self._ensure_fd_no_transport(sock)
        return _hocket.SocketTransport(self, sock, protocol, waiter, extra, server)

    def _make_ssl_transport(
        self, rawsock, protocol, sslcontext, waiter=None, *, server_side=False, server_hostname=None, extra=None, server=None, **timeouts
    ):
        tls = _tls_protocol()(self, protocol, sslcontext, waiter, server_side, server_hostname, **timeouts)
        self._make_socket_transport(rawsock, tls, extra=extra, server=server)
        return tls._app_transport

    async def start_tls(self, transport, protocol, sslcontext, *, server_side=False, server_hostname=None, **timeouts):
        """Begin TLS on a connection. Return the transport to use from now on."""
        import ssl

        if not isinstance(sslcontext, ssl.SSLContext):
            raise TypeError(f"sslcontext is expected to be an instance of ssl.SSLContext, got {sslcontext!r}")
        if not getattr(transport, "_start_tls_compatible", False):
            raise TypeError(f"transport {transport!r} is not supported by start_tls()")
        waiter = self.create_future()
        tls = _tls_protocol()(
            self, protocol, sslcontext, waiter, server_side, server_hostname, call_connection_made=False, **timeouts
        )
        transport.pause_reading()  # nothing may arrive before connection_made()
        transport.set_protocol(tls)
        made = self.call_soon(tls.connection_made, transport)
        resumed = self.call_soon(transport.resume_reading)
        try:
            await waiter
        except BaseException:
            transport.close()
            made.cancel()
            resumed.cancel()
            raise
        return tls._app_transport

    def _ensure_fd_no_transport(self, fd):
        super()._ensure_fd_no_transport(fd)
        transport = self._socket_transport(fd)
        # While a file is sent, the socket is lent to sock_sendfile().
        if transport is not None and not transport.is_closing() and transport._empty_waiter is None:
            raise RuntimeError(f"File descriptor {fd!r} is used by transport {transport!r}")

    async def _sendfile_native(self, transp, file, offset, count):
        was_reading = transp.is_reading()
        transp.pause_reading()
        await transp._make_empty_waiter()
        try:
            return await self.sock_sendfile(transp._sock, file, offset, count, fallback=False)
        finally:
            transp._reset_empty_waiter()
            if was_reading:
                transp.resume_reading()

    # The engine wakes the loop for other threads. Only Python's signals need a socket, which is opened when it is needed.

    def _make_self_pipe(self):
        self._ssock = self._csock = None
        self._internal_fds += 1

    def _open_self_pipe(self):
        if self._csock is None:
            self._ssock, self._csock = socket.socketpair()
            self._ssock.setblocking(False)
            self._csock.setblocking(False)
            self._add_reader(self._ssock.fileno(), self._read_from_self)

    def _close_self_pipe(self):
        if self._csock is not None:
            self._remove_reader(self._ssock.fileno())
            self._ssock.close()
            self._csock.close()
            self._ssock = self._csock = None
        self._internal_fds -= 1

    def _take_wakeup_fd(self):
        """Return the former descriptor; None if it stays because it is somebody else's."""
        self._check_closed()
        self._open_self_pipe()
        ours = self._csock.fileno()
        former = signal.set_wakeup_fd(ours, warn_on_full_buffer=False)
        if former in (-1, ours):
            return former
        signal.set_wakeup_fd(former)
        return None

    def _give_wakeup_fd_back(self, former):
        if not self._signal_handlers and signal.set_wakeup_fd(-1) != former:
            signal.set_wakeup_fd(former)

    def _add_callback(self, handle):
        """Run a handle of asyncio's own type in the next turn: that of a signal."""
        if not handle._cancelled:
            self.call_soon(handle._run)


def _tls_protocol():
    # Imported on first use: a program without TLS need not wait until its session was tried.
    from ._tls import Protocol

    return Protocol


class _EngineSelector:
    """What asyncio's classes look up in a loop's selector."""

    def __init__(self, loop):
        self._loop = loop

    def get_key(self, fileobj):
        import selectors

        reader, writer = self._loop._watched(fileobj)
        if reader is None and writer is None:
            raise KeyError(f"{fileobj!r} is not registered")
        events = (selectors.EVENT_READ if reader else 0) | (selectors.EVENT_WRITE if writer else 0)
        fd = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        return selectors.SelectorKey(fileobj, fd, events, (reader, writer))

    def close(self):
        loop, self._loop = self._loop, None
        if loop is not None:
            loop._close_engine()


class EventLoopPolicy(asyncio.DefaultEventLoopPolicy):
    """asyncio's policy with hocket's loops."""

    _loop_factory = Loop


def new_event_loop():
    """A new loop: `asyncio.Runner(loop_factory=hocket.new_event_loop)`."""
    return Loop()


def install():
    """Make asyncio use hocket's loops: asyncio.run and everything else that creates loops."""
    asyncio.set_event_loop_policy(EventLoopPolicy())


def run(main, *, debug=None):
    """asyncio.run(main), on a loop of hocket's."""
    if asyncio._get_running_loop() is not None:
        raise RuntimeError("hocket.run() cannot be called from a running event loop")
    with asyncio.Runner(debug=debug, loop_factory=new_event_loop) as runner:
        return runner.run(main)
