"""Other programs."""

from harness.micro import Micro
from harness.model import BY_HAND, OURS, Bar, Group, Python, Row

GROUP = Group(
    name="subprocesses",
    title="Subprocesses",
    peers=[BY_HAND, "libuv", "uvloop", "asyncio", "subprocess"],
    subjects=[
        Micro(
            "subprocess",
            {
                OURS: "hocket_subprocess",
                BY_HAND: "by_hand_subprocess",
                "libuv": "libuv_subprocess",
                "uvloop": Python("micro.py", ("subprocess",), uvloop=True),
                "asyncio": Python("micro.py", ("subprocess",)),
                "subprocess": Python("micro.py", ("popen",)),
            },
            {"true": Row("/bin/true, from the call to its exit status", "ns", Bar(1.25, BY_HAND))},
            rounds=3,
        ),
    ],
    notes="""\
- Wall time for one program: the fastest batch of 20 in three rounds of 100 (Python: one of 20), after one warm-up batch in
  each round. One program after the other, with nothing redirected.
- By hand: `posix_spawn` and `waitpid`. hocket also closes every descriptor that is not meant for the program
  and restores its signals, as Python does. Asio 1.22 starts no programs.
""",
)
