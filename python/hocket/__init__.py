"""hocket for Python: an asyncio event loop in C++, and `hocket.choose`, which says which concurrency model fits a workload.

    hocket.run(main())                                       # in place of asyncio.run
    asyncio.Runner(loop_factory=hocket.new_event_loop)
    hocket.install()                                         # asyncio creates hocket's loops from here on
"""

import importlib

_LOOP = ("EventLoopPolicy", "Loop", "install", "new_event_loop", "run")

__all__ = ["choose", *_LOOP]


def __getattr__(name):
    # Imported on first use: a process that needs one part of the package does not pay for the others.
    if name == "choose":
        return importlib.import_module("hocket.choose")
    if name in _LOOP:
        value = getattr(importlib.import_module("hocket.loop"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'hocket' has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])
