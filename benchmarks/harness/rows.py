"""What is measured, and what must be reached."""

from dataclasses import dataclass, field
from typing import Optional

OURS = "hocket"
BY_HAND = "by hand"
TBB = "TBB"
PEERS = [BY_HAND, "Asio", TBB, "libuv", "uvloop", "asyncio"]
COLUMNS = [OURS, *PEERS]


@dataclass(frozen=True)
class Bar:
    """At most `limit` in the row's unit; or, with `against`, at most `limit` times that column."""

    limit: float
    against: Optional[str] = None


@dataclass(frozen=True)
class Row:
    key: str
    title: str
    unit: str
    bar: Optional[Bar] = None
    # The fastest round counts where all noise makes a run slower. With two processes in play a
    # lucky round exists as well as an unlucky one: there the median counts.
    summary: str = "best"


@dataclass(frozen=True)
class Micro:
    """Programs that each print the same rows. `rows` maps the name a program prints to a row's key.

    `programs` maps a column to a program of the build tree, or to the row of peers/python/micro.py
    for the two Python columns.
    """

    name: str
    programs: dict
    rows: dict
    # Rows in which the peers' values stand too: there ours is measured in another way.
    also: dict = field(default_factory=dict)
    rounds: int = 5
    one_core: bool = False


@dataclass(frozen=True)
class Load:
    """An echo load: how many connections, how many bytes a message."""

    connections: int
    size: int

    @property
    def key(self):
        return f"{self.connections}x{self.size}"

    @property
    def title(self):
        size = f"{self.size} B" if self.size < 1024 else f"{self.size // 1024} KiB"
        return f"{self.connections} × {size}"


LOADS = [Load(1, 64), Load(64, 64), Load(1000, 64), Load(64, 16384)]
IDLE_CONNECTIONS = 10_000

# How each column serves: a program of the build tree, or arguments of peers/python/server.py.
ECHO_SERVERS = {
    "Protocol": {
        OURS: ["echo_protocol"],
        BY_HAND: ["epoll_echo"],
        "Asio": ["asio_echo_callbacks"],
        "libuv": ["libuv_echo"],
        "uvloop": ["server.py", "protocol", "--uvloop"],
        "asyncio": ["server.py", "protocol"],
    },
    "streams": {
        OURS: ["echo_server"],
        BY_HAND: ["epoll_echo"],
        "Asio": ["asio_echo_coroutines"],
        "libuv": ["libuv_echo"],
        "uvloop": ["server.py", "streams", "--uvloop"],
        "asyncio": ["server.py", "streams"],
    },
}
HTTP_SERVERS = {
    OURS: ["serve"],
    BY_HAND: ["epoll_http"],
    "Asio": ["asio_http"],
    "uvloop": ["server.py", "http", "--uvloop"],
    "asyncio": ["server.py", "http"],
}
ECHO_LIMITS = {"Protocol": 1.05, "streams": 1.15}
IDLE_LIMITS = {"Protocol": 1024, "streams": 4096}


def python(row):
    return {"uvloop": row, "asyncio": row}


THREADS = {
    OURS: "hocket_threads",
    "Asio": "asio_threads",
    "libuv": "libuv_threads",
    **python("threads"),
}
POOL = {
    "post": Row("pool_post", "pool: 1,000,000 empty tasks, nobody waits", "ns", Bar(110)),
    "submit": Row("pool_submit", "pool: submit + result, 1,000,000 futures held", "ns", Bar(250)),
    "one_parked": Row("pool_one_parked", "pool: submit + result, 1 in flight", "ns", Bar(5500)),
    "one_spinning": Row(
        "pool_one_spinning", "pool: submit + result, 1 in flight, spinning", "ns", Bar(1000)
    ),
    "for_default": Row(
        "pool_for_default", "parallel_for, 1,000,000 floats", "ns", Bar(1.05, TBB)
    ),
    "for_grain_1": Row(
        "pool_for_grain_1", "parallel_for, 1,000,000 floats, grain 1", "ns", Bar(1.05, TBB)
    ),
    "for_two": Row("pool_for_two", "parallel_for, two items", "ns", Bar(1.05, TBB)),
    "fib_34": Row("pool_fib_34", "fork-join, fib(34)", "ns", Bar(1, TBB)),
}
MICROS = [
    Micro(
        "await",
        {
            OURS: "hocket_await_gcc",
            BY_HAND: "by_hand_await_gcc",
            "Asio": "asio_await_gcc",
            "asyncio": "await",
        },
        {"await": "await_gcc"},
    ),
    Micro(
        "await",
        {
            OURS: "hocket_await_clang",
            BY_HAND: "by_hand_await_clang",
            "Asio": "asio_await_clang",
        },
        {"await": "await_clang"},
    ),
    Micro(
        "tasks",
        {OURS: "hocket_tasks", "Asio": "asio_tasks", **python("tasks")},
        {"create_task": "create_task"},
    ),
    Micro(
        "parked",
        {OURS: "hocket_parked", "Asio": "asio_parked", **python("parked")},
        {"parked": "parked"},
        rounds=1,
    ),
    Micro(
        "yield",
        {OURS: "hocket_yield", "Asio": "asio_yield", **python("yield")},
        {"yield": "yield"},
    ),
    Micro("lock", {OURS: "hocket_lock", "asyncio": "lock"}, {"lock": "lock"}),
    Micro(
        "queue",
        {OURS: "hocket_queue", "Asio": "asio_queue", **python("queue")},
        {"queue_1": "queue_1", "queue_64": "queue_64"},
    ),
    Micro(
        "timers",
        {
            OURS: "hocket_timers",
            "Asio": "asio_timers",
            "libuv": "libuv_timers",
            "uvloop": "timers",
        },
        {"timer_cancel": "timer_cancel", "timer_expire": "timer_expire"},
        also={"timer_cancel": "engine_timer_cancel", "timer_expire": "engine_timer_expire"},
        rounds=3,
    ),
    Micro(
        "timers",
        {OURS: "hocket_engine_timers"},
        {"timer_cancel": "engine_timer_cancel", "timer_expire": "engine_timer_expire"},
        rounds=3,
    ),
    Micro("threads", THREADS, {"thread_1": "thread_1", "thread_64": "thread_64"}, one_core=True),
    Micro("threads", THREADS, {"thread_1": "threads_1", "thread_64": "threads_64"}),
    Micro(
        "pool",
        {OURS: "hocket_pool", "Asio": "asio_pool", TBB: "tbb_pool", "asyncio": "pool"},
        {name: f"pool_{name}" for name in POOL},
    ),
]


def echo_key(kind, load):
    return f"echo_{kind}_{load.key}"


def rate_key(kind, load):
    return f"rate_{kind}_{load.key}"


def idle_key(kind):
    return f"idle_{kind}"


def _rows():
    yield Row("await_gcc", "co_await, done at once (g++ -O2)", "ns", Bar(9))
    yield Row("await_clang", "co_await, done at once (clang++ -O3)", "ns", Bar(6))
    yield Row("create_task", "create_task + co_await", "ns", Bar(45))
    yield Row("parked", "task parked in sleep, 1,000,000 alive", "B", Bar(256))
    yield Row("yield", "yield, 1,000 tasks", "ns", Bar(8))
    yield Row("lock", "Lock acquire + release", "ns", Bar(3))
    yield Row("queue_1", "Queue hop, capacity 1", "ns", Bar(15))
    yield Row("queue_64", "Queue hop, capacity 64", "ns", Bar(8))
    yield Row("timer_cancel", "call_later + cancel, 1,000,000 alive", "ns", Bar(25))
    yield Row("timer_expire", "call_later + expire, 1,000,000 alive", "ns", Bar(200))
    yield Row("engine_timer_cancel", "engine timer + cancel, 1,000,000 alive", "ns", Bar(25))
    yield Row("engine_timer_expire", "engine timer + expire, 1,000,000 alive", "ns", Bar(200))
    yield Row("thread_1", "loop → thread → loop, 1 in flight, one core", "ns", Bar(5800))
    yield Row("thread_64", "loop → thread → loop, 64 in flight, one core", "ns", Bar(110))
    yield Row("threads_1", "loop → thread → loop, 1 in flight, all cores", "ns")
    yield Row("threads_64", "loop → thread → loop, 64 in flight, all cores", "ns")
    yield from POOL.values()
    for kind in ECHO_SERVERS:
        for load in LOADS:
            yield Row(
                echo_key(kind, load),
                f"echo, {kind}, {load.title}",
                "ns CPU",
                Bar(ECHO_LIMITS[kind], BY_HAND),
                "median",
            )
    yield Row("http", "HTTP hello, 64 connections", "ns CPU", Bar(1.10, BY_HAND), "median")
    for kind in ECHO_SERVERS:
        yield Row(idle_key(kind), f"idle connection, {kind}", "B", Bar(IDLE_LIMITS[kind]))
    for kind in ECHO_SERVERS:
        for load in LOADS:
            yield Row(
                rate_key(kind, load), f"echo, {kind}, {load.title}", "msg/s", summary="median"
            )
    yield Row("http_rate", "HTTP hello, 64 connections", "req/s", summary="median")


ROWS = {row.key: row for row in _rows()}
