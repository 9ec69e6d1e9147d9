"""The costs of awaiting, of tasks, and of the objects that tasks wait for."""

from harness.micro import Micro
from harness.model import BY_HAND, OURS, Bar, Group, Python, Row

_AWAIT = Row("co_await, done at once (g++ -O2)", "ns", Bar(1.05, BY_HAND))


def _python(row):
    return {
        "uvloop": Python("micro.py", (row,), uvloop=True),
        "asyncio": Python("micro.py", (row,)),
    }


GROUP = Group(
    name="coroutines",
    title="Coroutines and tasks",
    peers=[BY_HAND, "Asio", "uvloop", "asyncio"],
    subjects=[
        Micro(
            "await",
            {
                OURS: "hocket_await_gcc",
                BY_HAND: "by_hand_await_gcc",
                "Asio": "asio_await_gcc",
                "asyncio": Python("micro.py", ("await",)),
            },
            {"await": _AWAIT},
        ),
        Micro(
            "await",
            {
                OURS: "hocket_await_clang",
                BY_HAND: "by_hand_await_clang",
                "Asio": "asio_await_clang",
            },
            {"await": Row("co_await, done at once (clang++ -O3)", "ns", Bar(1.15, BY_HAND))},
        ),
        Micro(
            "tasks",
            {OURS: "hocket_tasks", "Asio": "asio_tasks", **_python("tasks")},
            {"create_task": Row("create_task + co_await", "ns", Bar(0.18, "Asio"))},
        ),
        Micro(
            "parked",
            {OURS: "hocket_parked", "Asio": "asio_parked", **_python("parked")},
            {"parked": Row("task parked in sleep, 1,000,000 alive", "B", Bar(0.22, "Asio"))},
            rounds=1,
        ),
        Micro(
            "yield",
            {OURS: "hocket_yield", "Asio": "asio_yield", **_python("yield")},
            {"yield": Row("yield, 1,000 tasks", "ns", Bar(0.08, "Asio"))},
        ),
        Micro(
            "lock",
            {OURS: "hocket_lock", "asyncio": Python("micro.py", ("lock",))},
            {"lock": Row("Lock acquire + release", "ns", Bar(0.40, _AWAIT, "co_await"))},
        ),
        Micro(
            "queue",
            {OURS: "hocket_queue", "Asio": "asio_queue", **_python("queue")},
            {
                "queue_1": Row("Queue hop, capacity 1", "ns", Bar(0.10, "Asio")),
                "queue_64": Row("Queue hop, capacity 64", "ns", Bar(0.03, "Asio")),
            },
        ),
    ],
    notes="""\
- One operation is CPU time: the fastest of five rounds of five batches, after one warm-up batch in each round
  (Python: of one round of three batches).
- By hand: a lazy coroutine type with a free list of frames and nothing else
  (`benchmarks/peers/by_hand/await.cpp`).
- Acquiring a free lock does not wait, so it is compared with a co_await that is done at once.
- Memory is resident anonymous memory (`RssAnon`) of a million parked tasks (Python: 100,000).
""",
)
