"""The event loops that are installed here."""

import importlib.util

__all__ = ["installed_loops"]


def installed_loops():
    """Their names, asyncio first and hocket last."""
    peers = [name for name in ("uvloop", "rloop") if importlib.util.find_spec(name)]
    return ["asyncio", *peers, "hocket"]
