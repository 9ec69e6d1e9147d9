"""The table, for a terminal and for docs/benchmarks.md."""

import datetime
import os
import platform
import re
import subprocess

from harness.rows import COLUMNS, OURS, ROWS

GREEN, RED, BOLD, PLAIN = "\033[32m", "\033[31m", "\033[1m", "\033[0m"
HEADINGS = ["what", "unit", *COLUMNS, "ratio", "bar", ""]


def number(value):
    if value is None:
        return "–"
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def bar(row):
    if row.bar is None:
        return ""
    if row.bar.against:
        return f"≤ {row.bar.limit:.2f}× {row.bar.against}"
    return f"≤ {number(row.bar.limit).removesuffix('.0')}"


def verdict(samples, key):
    passed = samples.passes(key)
    return "" if passed is None else "pass" if passed else "MISS"


def cells(samples, key):
    row = ROWS[key]
    ratio = samples.ratio(key)
    return [
        row.title,
        row.unit,
        *(number(samples.value(key, column)) for column in COLUMNS),
        f"{ratio[0]:.2f}× {ratio[1]}" if ratio else "–",
        bar(row),
        verdict(samples, key),
    ]


def lines_of(samples):
    return [cells(samples, key) for key in ROWS if key in samples]


def print_table(samples, stream):
    lines = [HEADINGS, *lines_of(samples)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    colours = stream.isatty()
    for line_number, line in enumerate(lines):
        aligned = [
            text.ljust(width) if place < 2 or place > 1 + len(COLUMNS) else text.rjust(width)
            for place, (text, width) in enumerate(zip(line, widths))
        ]
        if colours:
            if line_number == 0:
                aligned = [BOLD + text + PLAIN for text in aligned]
            elif line[-1]:
                aligned[-1] = (GREEN if line[-1] == "pass" else RED) + aligned[-1] + PLAIN
        print("  ".join(aligned).rstrip(), file=stream)
    print(summary(samples), file=stream)


def summary(samples):
    verdicts = [samples.passes(key) for key in ROWS if key in samples]
    reached, missed = verdicts.count(True), [v for v in verdicts if v is not None].count(False)
    return f"{reached} of {reached + missed} bars reached"


def _first_line(*command):
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout.splitlines()[0]
    except (OSError, IndexError):
        return None


def _cpu():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as lines:
        for line in lines:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def _memory():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _system():
    with open("/etc/os-release", encoding="utf-8") as lines:
        return re.search(r'^PRETTY_NAME="?(.*?)"?$', lines.read(), re.MULTILINE).group(1)


def _cmake_cache(build, name):
    with open(build / "CMakeCache.txt", encoding="utf-8") as cache:
        found = re.search(rf"^{name}:\w+=(.+)$", cache.read(), re.MULTILINE)
    return found.group(1) if found and not found.group(1).endswith("NOTFOUND") else None


def _asio():
    try:
        with open("/usr/include/asio/version.hpp", encoding="utf-8") as header:
            version = int(re.search(r"define ASIO_VERSION (\d+)", header.read()).group(1))
    except (OSError, AttributeError):
        return "not installed"
    return f"{version // 100000}.{version // 100 % 1000}.{version % 100}"


def _python_versions(python):
    code = "import sys, uvloop; print(sys.version.split()[0], uvloop.__version__)"
    return (_first_line(python, "-c", code) or "? ?").split() if python else ["?", "not installed"]


def write_markdown(samples, programs, path, quick):
    python, uvloop = _python_versions(programs.python)
    # Clocks and caches are the machine's; its name and place are nobody's business.
    compilers = {
        "rest of the programs": _cmake_cache(programs.build, "CMAKE_CXX_COMPILER"),
        "g++": _cmake_cache(programs.build, "HOCKET_BENCH_GXX"),
        "clang++": _cmake_cache(programs.build, "HOCKET_BENCH_CLANGXX"),
    }
    facts = [
        ("date", datetime.date.today().isoformat()),
        ("machine", f"{os.cpu_count()} × {_cpu()}, {_memory():.0f} GiB"),
        ("system", f"{_system()}, Linux {platform.release().split('-')[0]}"),
        *((name, path and _first_line(path, "--version")) for name, path in compilers.items()),
        ("Asio", _asio()),
        ("TBB", _first_line("pkg-config", "--modversion", "tbb") or "not installed"),
        ("libuv", _first_line("pkg-config", "--modversion", "libuv") or "not installed"),
        ("Python, for asyncio", python),
        ("uvloop", uvloop),
    ]
    table = [HEADINGS, ["---"] * 2 + ["--:"] * len(COLUMNS) + ["---"] * 3, *lines_of(samples)]
    text = f"""# Benchmarks

hocket beside its peers, measured in one run on one machine: `make bench` measures again and writes
this page. {summary(samples)}.{" A quick run: one round each." if quick else ""}

{chr(10).join("| " + " | ".join(line) + " |" for line in table)}

Less is better, except in the last rows (messages and requests a second). *ratio* is {OURS} over the
bar's peer, or over the floor written by hand, or else over the best peer. *–*: the peer has no such
thing, or it is not installed.

## Where

| | |
|---|---|
{chr(10).join(f"| {name} | {value} |" for name, value in facts if value)}

## How

- Ours and the peers take turns: every round runs each of them once. One operation (`ns`) is CPU
  time, the fastest of five rounds of five batches (timers: three of two; Python: one round), since
  whatever disturbs a run makes it slower.
- Loop → thread → loop is wall time, with one worker thread for everyone. On one core the libraries
  differ; on all cores it is mostly the machine's way to wake a core that is measured. (On one core
  libuv 1.44 spins for some microseconds in its wake-up before it yields.)
- The rows of the pool are wall time: as many threads as processors for everyone; in parallel_for
  and fork-join the caller is one of them. TBB's empty tasks are a `task_group`'s, its grain of 1 is
  a `simple_partitioner`'s, its fork-join is `parallel_invoke`. asyncio stands for Python's
  `ThreadPoolExecutor`.
- A server is a process on one core; `benchmarks/load/ping_pong.cpp` on another core keeps one
  message in flight on each connection and reads the server's CPU clock before and after. The median
  of nine rounds counts (Asio, libuv: three, Python: one), and the median of the rounds' ratios. The
  load asks without sleeping, so that no server pays for waking it.
- By hand is a level-triggered epoll server without any library (`benchmarks/peers/epoll/`), and for
  `co_await` a lazy coroutine type with a list of free frames and nothing else
  (`benchmarks/peers/by_hand/`). The HTTP peers parse the same request and answer with as many bytes
  as `examples/serve`.
- Timers: a million, armed one after the other, an hour or more away and cancelled in the same order;
  or due within a second, all alive before the first expires. An engine timer lives in whoever waits,
  as libuv's does; `call_later` takes any callable and can be cancelled by its handle.
- Memory is resident anonymous memory (`RssAnon`): of a million parked tasks (Python: 100,000), and
  of 10,000 connections after one message each.

    make bench                                # everything, less than ten minutes
    benchmarks/run --quick --only queue       # one subject, one round, no page written
"""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
