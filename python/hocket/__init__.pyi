from . import choose as choose
from .loop import EventLoopPolicy as EventLoopPolicy
from .loop import Loop as Loop
from .loop import install as install
from .loop import new_event_loop as new_event_loop
from .loop import run as run

__all__ = ["EventLoopPolicy", "Loop", "choose", "install", "new_event_loop", "run"]
