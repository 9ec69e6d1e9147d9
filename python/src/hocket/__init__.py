"""hocket for Python. `hocket.choose` measures a workload and says which concurrency model fits it."""

import importlib

__all__ = ["choose"]


def __getattr__(name):
    # Imported on first use: a process that needs one part of the package does not pay for the others.
    if name in __all__:
        return importlib.import_module(f"hocket.{name}")
    raise AttributeError(f"module 'hocket' has no attribute {name!r}")
