"""What hocket._hocket asks of Python for its transports: descriptions, warnings and reports, as asyncio makes them."""

import inspect
import warnings
from asyncio import base_events, constants
from asyncio.log import logger

__all__ = [
    "SENDFILE_MODE",
    "SERVER_KNOWS_CLIENTS",
    "describe",
    "fail_waiter",
    "log_debug",
    "log_failure",
    "report_failure",
    "warn_ignored_write",
    "warn_unclosed",
]

SENDFILE_MODE = constants._SendfileMode.TRY_NATIVE
# Python 3.13's servers know their transports; before, they count them.
SERVER_KNOWS_CLIENTS = len(inspect.signature(base_events.Server._attach).parameters) == 2


def describe(transport):
    """The text of repr(transport), which is asyncio's."""
    words = [type(transport).__name__]
    if transport._sock is None:
        words.append("closed")
    elif transport.is_closing():
        words.append("closing")
    words.append(f"fd={transport._sock_fd}")
    if transport._loop is not None and not transport._loop.is_closed():
        reading, writing = ("polling" if polling else "idle" for polling in transport._polling)
        words.append(f"read={reading}")
        words.append(f"write=<{writing}, bufsize={transport.get_write_buffer_size()}>")
    return f"<{' '.join(words)}>"


def report_failure(loop, transport, protocol, exception, message):
    """Tells the loop's exception handler of an exception in a protocol's method."""
    loop.call_exception_handler(
        {"message": message, "exception": exception, "transport": transport, "protocol": protocol}
    )


def log_failure(transport, exception, message):
    """In debug mode: the connection failed."""
    logger.debug("%r: %s", transport, message, exc_info=exception)


def log_debug(transport, message):
    logger.debug(message, transport)


def warn_unclosed(transport):
    warnings.warn(f"unclosed transport {transport!r}", ResourceWarning, source=transport)


def warn_ignored_write():
    logger.warning("socket.send() raised exception.")


def fail_waiter(waiter):
    """The connection is gone before everything was sent."""
    if not waiter.done():
        waiter.set_exception(ConnectionError("Connection is closed by peer"))
