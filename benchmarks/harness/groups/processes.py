"""Work for other processes: through a pool, and with a manager."""

from harness.micro import Micro
from harness.model import BY_HAND, OURS, Bar, Group, Python, Row

_EXECUTOR = "ProcessPoolExecutor"
_MULTIPROCESSING = "multiprocessing"
_SMALL_ARRAY = Row("SharedArray of 1 KiB as argument", "ns")

GROUP = Group(
    name="processes",
    title="Processes",
    peers=[BY_HAND, _EXECUTOR, _MULTIPROCESSING],
    subjects=[
        Micro(
            "process_pool",
            {
                OURS: "hocket_process_pool",
                BY_HAND: "by_hand_processes",
                _EXECUTOR: Python("processes.py", (_EXECUTOR,)),
                _MULTIPROCESSING: Python("processes.py", ("Pool",)),
            },
            {
                "calls": Row("20,000 calls of nothing, 2 workers", "ns", Bar(0.016, _MULTIPROCESSING)),
                "one_parked": Row("call + result, 1 in flight", "ns", Bar(0.03, _MULTIPROCESSING)),
                "one_spinning": Row("call + result, 1 in flight, spinning", "ns", Bar(8, BY_HAND)),
                "map_1": Row("map, an item, chunksize 1", "ns", Bar(0.062, _MULTIPROCESSING)),
                "map_100": Row("map, an item, chunksize 100", "ns", Bar(0.046, _MULTIPROCESSING)),
                "argument_1m": Row("argument of 1 MiB", "GB/s", Bar(0.81, BY_HAND), more_is_better=True),
                "argument_100m": Row("argument of 100 MiB", "GB/s", Bar(0.88, BY_HAND), more_is_better=True),
                "array_1k": _SMALL_ARRAY,
                "array_1g": Row(
                    "SharedArray of 1 GiB as argument", "ns", Bar(1.25, _SMALL_ARRAY, "1 KiB")
                ),
                "first_spawn": Row("first result of a new pool of 2 (Python: spawn)", "ms", Bar(0.06, _EXECUTOR)),
                "first_fork": Row("first result of a new pool of 2 (Python: fork)", "ms", Bar(0.38, _EXECUTOR)),
            },
            rounds=3,
            python_rounds=3,
        ),
        Micro(
            "manager",
            {
                OURS: "hocket_manager",
                BY_HAND: "by_hand_processes",
                _MULTIPROCESSING: Python("processes.py", ("Manager",)),
            },
            {"manager_get": Row("Manager: dict get, 1 client", "ns", Bar(0.20, _MULTIPROCESSING))},
            rounds=3,
            python_rounds=3,
        ),
    ],
    notes="""\
- Wall time, the best batch of three rounds, after one warm-up batch in each round. On machines where
  another core must be woken, results fall into two groups, a factor of about two apart; the better one counts, for
  every library.
- Calls: submitted one after the other, then every result is taken (`submit`; `apply_async`), 2 workers. One
  in flight: `submit(…).result()` or `apply`, 1 worker; spinning has `spin = 50 µs`. `map` is over 20,000
  integers with a chunksize of 1 and 200,000 with 100; the function adds one; 2 workers.
- An argument crosses from memory that is warm to a function that takes its size, one at a time; hocket's
  takes a `std::string_view`. GB are 10⁹ bytes. The arrays of 1 KiB and 1 GiB cross in turns, 200 at a time;
  1.25× allows for the 1 to 4 µs by which munmap is slower for the large one.
- The first result is there when the constructor and one call have finished. hocket starts the program again, as
  spawn does, and is compared with Python's fork, too.
- By hand: a round trip between two processes and nothing else, on a futex in shared memory, by spinning on it, and
  (Manager) of one byte over a socket; and `memcpy` between warm pages.
""",
)
