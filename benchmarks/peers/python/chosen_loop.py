"""The event loops that are compared: asyncio's, uvloop, rloop, and hocket's from a build tree."""

import importlib
import pathlib

NAMES = ("asyncio", "uvloop", "rloop", "hocket")

_PACKAGE = pathlib.Path(__file__).resolve().parents[3] / "python"


def preparation(name, build):
    """What to run before `import name`: hocket's module is in the build tree, the rest of its package in the sources."""
    if name != "hocket":
        return ""
    return f"""\
import sys
sys.path.insert(0, {str(_PACKAGE)!r})
import hocket
hocket.__path__.append({str(pathlib.Path(build).resolve() / "python")!r})
"""


def factory(name, build=None):
    """The function that makes such a loop."""
    exec(preparation(name, build), {})
    return importlib.import_module(name).new_event_loop
