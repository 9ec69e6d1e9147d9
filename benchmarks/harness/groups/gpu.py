"""Work on devices. Where there is no GPU, PoCL runs the kernels on the processor."""

from harness.micro import Micro
from harness.model import BY_HAND, OURS, Bar, Group, Row

_IDLE = "idle"

GROUP = Group(
    name="gpu",
    title="GPU (OpenCL)",
    peers=[BY_HAND, _IDLE],
    subjects=[
        Micro(
            "kernels",
            {OURS: "hocket_gpu", BY_HAND: "by_hand_gpu"},
            {
                "awaited_kernel": Row("an empty kernel, awaited", "ns", Bar(1.1, BY_HAND)),
                "ordered_kernels": Row(
                    "an empty kernel, one of 10,000 in order", "ns", Bar(1.05, BY_HAND)
                ),
            },
        ),
        Micro(
            "lag",
            {OURS: "hocket_gpu_lag", _IDLE: "hocket_gpu_lag_idle"},
            {
                "lag": Row(
                    "the loop's lag while a kernel of 300 ms runs", "ms", Bar(1, _IDLE, offset=1)
                )
            },
        ),
    ],
    notes="""\
- By hand: a bare queue of OpenCL, `clFinish` after each kernel or after all 10,000.
- One kernel, by the clock: the fastest of five rounds of seven batches, after one warm-up batch in each round.
- Lag: how late timers of a millisecond are at most during 300 ms; the least of five times in five rounds. The column
  "idle" is the same program without the kernel.
- The device is the first one; on a machine without a GPU, that is PoCL, whose kernels run on threads of
  the process.
""",
)
