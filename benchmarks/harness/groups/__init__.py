"""The groups of the comparison, in the order of the page. A group is a file here: a Group of
harness.model with its rows, its peers and what there is to say about how they were measured."""

from harness.groups import (
    coroutines,
    files,
    network,
    processes,
    subprocesses,
    threads,
    timers,
    tls,
)

GROUPS = [
    coroutines.GROUP,
    timers.GROUP,
    threads.GROUP,
    processes.GROUP,
    subprocesses.GROUP,
    network.GROUP,
    tls.GROUP,
    files.GROUP,
]
