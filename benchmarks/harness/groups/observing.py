"""Looking inside a running program."""

from harness.model import Group
from harness.observing import PLAIN, AttachedEcho, Steps, Yields

_COMMANDS = {
    "hocket top": ((["top"], ["--interval", "1"]), 1.01),
    "hocket trace": ((["trace"], ["--output", "/dev/null"]), 1.03),
}

GROUP = Group(
    name="observing",
    title="Looking inside",
    peers=[PLAIN],
    subjects=[
        Steps(),
        Yields(),
        AttachedEcho(1, _COMMANDS),
        AttachedEcho(64, _COMMANDS),
    ],
    notes="""The same programs without being observed. Counted yields: the loop's turns, beside turns that do not
count. The longest hold is the most CPU time that a loop spends at once on a list
of its 100,000 tasks. HOCKET_DEBUG=1 times every step; a recorded yield writes an event of 16 bytes. Echo: CPU time of the
server a message, with the command on the load's core, in 40 interleaved rounds of 0.3 seconds, in changing order; the ratio is the median of
the rounds' ratios.""",
)
