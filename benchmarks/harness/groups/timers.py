"""A million timers."""

from harness.micro import Micro
from harness.model import OURS, Bar, Group, Python, Row

_ENGINE_CANCEL = Row("engine timer + cancel, 1,000,000 alive", "ns", Bar(0.10, "Asio"))
_ENGINE_EXPIRE = Row("engine timer + expire, 1,000,000 alive", "ns", Bar(0.36, "Asio"))

GROUP = Group(
    name="timers",
    title="Timers",
    peers=["Asio", "libuv", "uvloop"],
    subjects=[
        Micro(
            "call_later",
            {
                OURS: "hocket_timers",
                "Asio": "asio_timers",
                "libuv": "libuv_timers",
                "uvloop": Python("micro.py", ("timers",), uvloop=True),
            },
            {
                "timer_cancel": Row("call_later + cancel, 1,000,000 alive", "ns", Bar(0.31, "Asio")),
                "timer_expire": Row("call_later + expire, 1,000,000 alive", "ns", Bar(1.05, "Asio")),
            },
            also={"timer_cancel": _ENGINE_CANCEL, "timer_expire": _ENGINE_EXPIRE},
            rounds=3,
        ),
        Micro(
            "engine_timers",
            {OURS: "hocket_engine_timers"},
            {"timer_cancel": _ENGINE_CANCEL, "timer_expire": _ENGINE_EXPIRE},
            rounds=3,
        ),
    ],
    notes="""\
- CPU time for one timer: the fastest of three rounds of two batches, after one warm-up batch in each round
  (uvloop: a single batch).
- Timers are armed one after the other, an hour or more away, and cancelled in the same order; or they are due within
  a second, and all are alive before the first expires.
- An engine timer is a member of the object that waits, as in libuv. `call_later` takes any callable and returns a
  handle that cancels it.
""",
)
