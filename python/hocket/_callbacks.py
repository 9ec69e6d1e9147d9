"""What hocket._hocket asks of Python when a handle must be described or its exception reported."""

import inspect
from asyncio import base_events, format_helpers
from asyncio.log import logger

__all__ = ["describe", "extract_stack", "give_way", "report_exception", "report_slow"]

extract_stack = format_helpers.extract_stack

# Python 3.13 leaves out arguments unless the loop is in debug mode.
_HAS_DEBUG = "debug" in inspect.signature(format_helpers._format_callback_source).parameters


def _source(handle):
    options = {"debug": handle._debug} if _HAS_DEBUG else {}
    return format_helpers._format_callback_source(handle._callback, handle._args or (), **options)


def describe(handle):
    """The text of repr(handle), which is asyncio's."""
    words = [type(handle).__name__]
    if handle._cancelled:
        words.append("cancelled")
    if hasattr(handle, "when"):
        words.append(f"when={handle.when()}")
    if handle._callback is not None:
        words.append(_source(handle))
    if handle._source_traceback:
        frame = handle._source_traceback[-1]
        words.append(f"created at {frame[0]}:{frame[1]}")
    return f"<{' '.join(words)}>"


def give_way():
    """As every Python function, it first lets signal handlers run and a thread that has waited for the switch interval."""


def report_exception(loop, handle, exception):
    """Tells the loop's exception handler of an exception in a callback."""
    context = {
        "message": f"Exception in callback {_source(handle)}",
        "exception": exception,
        "handle": handle,
    }
    if handle._source_traceback:
        context["source_traceback"] = handle._source_traceback
    loop.call_exception_handler(context)


def report_slow(loop, handle, seconds):
    """In debug mode: a callback took longer than loop.slow_callback_duration."""
    logger.warning("Executing %s took %.3f seconds", base_events._format_handle(handle), seconds)
