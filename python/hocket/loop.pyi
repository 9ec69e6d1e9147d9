import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from ._hocket import Loop as _Loop

_T = TypeVar("_T")

class Loop(_Loop, asyncio.SelectorEventLoop):  # type: ignore[misc]
    """asyncio's event loop, with hocket's engine in place of the selector."""

    def __init__(self) -> None: ...

class EventLoopPolicy(asyncio.DefaultEventLoopPolicy):
    """asyncio's policy with hocket's loops."""

def new_event_loop() -> Loop: ...
def install() -> None: ...
def run(main: Coroutine[Any, Any, _T], *, debug: bool | None = None) -> _T: ...
