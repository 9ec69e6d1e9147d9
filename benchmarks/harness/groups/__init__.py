"""The groups of the comparison, in the order of the page. Each file here is a group: a Group of
harness.model with its rows, its peers and notes on how they were measured."""

from harness.groups import (
    cluster,
    coroutines,
    databases,
    files,
    gpu,
    http,
    network,
    observing,
    processes,
    python,
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
    cluster.GROUP,
    network.GROUP,
    tls.GROUP,
    files.GROUP,
    http.GROUP,
    databases.GROUP,
    gpu.GROUP,
    observing.GROUP,
    python.GROUP,
]
