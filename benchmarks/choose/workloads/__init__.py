"""The workloads of the suite. Each module has `work`, `items`, perhaps `awork` (the same as a coroutine function), and says in its
first line what it does."""

# In the order of the issue.
NAMES = (
    "pure_python",
    "regex",
    "json_small",
    "json_large",
    "numpy_product",
    "sha256",
    "sqlite_query",
    "jpeg_resize",
    "file_reads",
    "add_one",
    "double_array",
    "http",
    "sleep",
    "sleep_and_cpu",
    "bin_true",
    "held_lock",
)
