"""Work for other threads: from a loop and back, through a pool, in parallel loops."""

from harness.micro import Micro
from harness.model import BY_HAND, OURS, Bar, Group, Python, Row

_TBB = "TBB"
_LOOP = {
    OURS: "hocket_threads",
    "Asio": "asio_threads",
    "libuv": "libuv_threads",
    "uvloop": Python("micro.py", ("threads",), uvloop=True),
    "Python": Python("micro.py", ("threads",)),
}
_POOL = {
    OURS: "hocket_pool",
    BY_HAND: "by_hand_processes",
    "Asio": "asio_pool",
    _TBB: "tbb_pool",
    "Python": Python("micro.py", ("pool",)),
}

GROUP = Group(
    name="threads",
    title="Threads",
    peers=[BY_HAND, "Asio", _TBB, "libuv", "uvloop", "Python"],
    subjects=[
        Micro(
            "loop_one_core",
            _LOOP,
            {
                "thread_1": Row("loop → thread → loop, 1 in flight, one core", "ns", Bar(0.70, "Asio")),
                "thread_64": Row("loop → thread → loop, 64 in flight, one core", "ns", Bar(0.53, "Asio")),
            },
            one_core=True,
        ),
        Micro(
            "loop_all_cores",
            _LOOP,
            {
                "thread_1": Row("loop → thread → loop, 1 in flight, all cores", "ns"),
                "thread_64": Row("loop → thread → loop, 64 in flight, all cores", "ns"),
            },
        ),
        Micro(
            "pool",
            _POOL,
            {
                "post": Row("pool: 1,000,000 empty tasks, nobody waits", "ns", Bar(1.05, _TBB)),
                "submit": Row("pool: submit + result, 1,000,000 futures held", "ns", Bar(0.08, "Asio")),
                "one_parked": Row("pool: submit + result, 1 in flight", "ns", Bar(0.24, "Asio")),
                "one_spinning": Row(
                    "pool: submit + result, 1 in flight, spinning", "ns", Bar(4.50, BY_HAND)
                ),
                "for_default": Row("parallel_for, 1,000,000 floats", "ns", Bar(1.05, _TBB)),
                "for_grain_1": Row(
                    "parallel_for, 1,000,000 floats, grain 1", "ns", Bar(1.05, _TBB)
                ),
                "for_two": Row("parallel_for, two items", "ns", Bar(1.05, _TBB)),
                "fib_34": Row("fork-join, fib(34)", "ns", Bar(1, _TBB)),
            },
        ),
    ],
    notes="""\
- Wall time, the fastest batch of five rounds, after one warm-up batch in each round (Python: of one
  round of three batches).
- Loop → thread → loop: every library has one worker thread. On one core the libraries differ; on all cores this
  measures mostly how the machine wakes a core. (On one core, libuv 1.44 spins for some microseconds in its
  wake-up before it yields.)
- Every pool has as many threads as there are processors; in parallel_for and fork-join, the caller is one of them.
  TBB: empty tasks are a `task_group`'s, the grain of 1 is a `simple_partitioner`'s, fork-join is
  `parallel_invoke`.
- By hand: a round trip between two threads of control and nothing else, on a futex and by spinning
  (`benchmarks/peers/by_hand/processes.cpp`).
- Python is asyncio's `run_in_executor` and `concurrent.futures.ThreadPoolExecutor` (100,000 tasks).
""",
)
