"""Versions, and which parts of hocket's loop are C++. Both are looked up, not written down here."""

import asyncio
import importlib.metadata
import os
import platform
import socket
import sysconfig

import hocket

__all__ = ["in_use", "versions"]


def versions():
    result = {
        "hocket": _version_of("hocket"),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "python_pgo": _has_profile(),
        "asyncio": f"of Python {platform.python_version()}",
    }
    for package in ("uvloop", "rloop"):
        if version := _version_of(package):
            result[package] = version
    result["kernel"] = f"{platform.system()} {platform.release()}"
    result["processors"] = len(os.sched_getaffinity(0))
    return result


def in_use():
    """What the parts of hocket's loop are, as far as one can see from outside."""
    loop = hocket.new_event_loop()
    try:
        transport = loop.run_until_complete(_transport())
        return {
            "callbacks and timers": _home(hocket.Loop, "call_soon", "call_later"),
            "turns": _home(hocket.Loop, "_run_once"),
            "tasks and futures": f"made in {_home(hocket.Loop, 'create_task', 'create_future')}, asyncio's types",
            "descriptors": _home(hocket.Loop, "_add_reader", "_add_writer"),
            "transports": _home_of_class(transport),
            "TLS": _tls(),
            "kernel interface": "io_uring" if _has_ring() else "epoll (io_uring not used)",
        }
    finally:
        loop.close()


def _version_of(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _has_profile():
    """Whether this Python was built with profile-guided optimization; None if the build does not say so.

    The packages of Debian and Ubuntu are, and have the flags removed from what they say about their build.
    """
    options = sysconfig.get_config_var("CONFIG_ARGS") or ""
    flags = f"{sysconfig.get_config_var('PY_CORE_CFLAGS')} {sysconfig.get_config_var('CFLAGS_NODIST')}"
    if "--enable-optimizations" in options or "-fprofile-use" in flags:
        return True
    return False if sysconfig.get_config_var("PGO_PROF_USE_FLAG") else None


async def _transport():
    ours, theirs = socket.socketpair()
    with theirs:
        transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
        transport.close()
        await asyncio.sleep(0)
        return type(transport)


def _tls():
    from hocket import _tls

    if _tls.FAST:
        return "C++, with Python's OpenSSL; handshakes are asyncio's (asyncio.sslproto)"
    return "asyncio's (asyncio.sslproto): this Python's ssl is not as hocket knows it"


def _home(cls, *names):
    """Where a class's methods are from."""
    modules = {next(base for base in cls.__mro__ if name in vars(base)).__module__ for name in names}
    return " and ".join(sorted(map(_describe, modules)))


def _home_of_class(cls):
    modules = [base.__module__ for base in cls.__mro__]
    return _describe("hocket._hocket" if "hocket._hocket" in modules else cls.__module__)


def _describe(module):
    if module == "hocket._hocket":
        return "C++"
    return "hocket's Python" if module.startswith("hocket") else f"asyncio's ({module})"


def _has_ring():
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            if "io_uring" in os.readlink(f"/proc/self/fd/{descriptor}"):
                return True
        except OSError:  # that of the listing itself
            pass
    return False
