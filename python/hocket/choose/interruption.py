"""Ctrl-C at a moment when something is half done."""

import contextlib
import signal
import threading


@contextlib.contextmanager
def interruptions_held_back():
    """SIGINT and SIGTERM are handled after the block: it starts a process that nothing else would end, or ends one."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Python handles signals in its main thread
        return
    held_back = []
    handlers = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        if callable(signal.getsignal(number)):
            handlers[number] = signal.signal(number, lambda *arguments: held_back.append(arguments))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number, frame in held_back:
            handlers[number](number, frame)
