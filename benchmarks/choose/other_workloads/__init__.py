"""Workloads that the suite does not contain: the answers must come from a model of concurrency, not from a list of cases."""

NAMES = (
    "short_sleep",
    "mostly_sleep",
    "half_under_gil",
    "compress",
    "small_compress",
    "big_result",
    "big_argument",
    "short_lock",
    "write_files",
    "memory_bound",
    "shell_pipeline",
    "sort_list",
)
