"""What awaiting, tasks and what tasks wait for cost."""

from harness.micro import Micro
from harness.model import BY_HAND, OURS, Bar, Group, Python, Row


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
            {"await": Row("co_await, done at once (g++ -O2)", "ns", Bar(9))},
        ),
        Micro(
            "await",
            {
                OURS: "hocket_await_clang",
                BY_HAND: "by_hand_await_clang",
                "Asio": "asio_await_clang",
            },
            {"await": Row("co_await, done at once (clang++ -O3)", "ns", Bar(6))},
        ),
        Micro(
            "tasks",
            {OURS: "hocket_tasks", "Asio": "asio_tasks", **_python("tasks")},
            {"create_task": Row("create_task + co_await", "ns", Bar(45))},
        ),
        Micro(
            "parked",
            {OURS: "hocket_parked", "Asio": "asio_parked", **_python("parked")},
            {"parked": Row("task parked in sleep, 1,000,000 alive", "B", Bar(256))},
            rounds=1,
        ),
        Micro(
            "yield",
            {OURS: "hocket_yield", "Asio": "asio_yield", **_python("yield")},
            {"yield": Row("yield, 1,000 tasks", "ns", Bar(8))},
        ),
        Micro(
            "lock",
            {OURS: "hocket_lock", "asyncio": Python("micro.py", ("lock",))},
            {"lock": Row("Lock acquire + release", "ns", Bar(3))},
        ),
        Micro(
            "queue",
            {OURS: "hocket_queue", "Asio": "asio_queue", **_python("queue")},
            {
                "queue_1": Row("Queue hop, capacity 1", "ns", Bar(15)),
                "queue_64": Row("Queue hop, capacity 64", "ns", Bar(8)),
            },
        ),
    ],
    notes="""\
- One operation is CPU time, the fastest of five rounds of five batches, after one in each round that does
  not count (Python: of one round of three batches).
- By hand is a lazy coroutine type with a list of free frames and nothing else
  (`benchmarks/peers/by_hand/await.cpp`).
- Memory is resident anonymous memory (`RssAnon`) of a million parked tasks (Python: 100,000).
""",
)
