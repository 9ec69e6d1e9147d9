"""Reading files."""

from harness.micro import Micro
from harness.model import BY_HAND, OURS, Bar, Group, Python, Row

_READ = "4 KiB random reads of 1 GiB in the page cache, 64 in flight"
_LEAST = Bar(0.5, "libuv"), Bar(0.5, "Asio")  # half of each

GROUP = Group(
    name="files",
    title="Files",
    peers=[BY_HAND, "Asio", "libuv", "Python"],
    subjects=[
        Micro(
            "files",
            {
                OURS: "hocket_files",
                BY_HAND: "by_hand_files",
                "Asio": "asio_files",
                "libuv": "libuv_files",
                "Python": Python("micro.py", ("files",)),
            },
            {
                "read_64": Row(_READ, "ns", _LEAST[0]),
                "read_64_cpu": tuple(
                    Row(_READ, "ns CPU", bar) for bar in (*_LEAST, Bar(1.2, BY_HAND))
                ),
            },
            rounds=3,
        ),
    ],
    notes="""\
- One read, by the clock and by the CPU time of all threads of a process: the fastest of three rounds of five
  batches, after one warm-up batch in each round.
- Most of a read is the copy from memory that is in no cache. hocket and the code by hand do little else.
- By hand: a bare loop on an io_uring ring. Asio is built with `ASIO_HAS_IO_URING` and without epoll, because it
  has no files otherwise. libuv has its four threads, Python `run_in_executor(None, os.pread, …)`.
- Each program makes the file itself: nameless and sparse, so that the page cache holds it as zeros.
""",
)
