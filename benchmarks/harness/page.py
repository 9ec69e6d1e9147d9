"""docs/benchmarks.md. Sections of groups that are not measured stay as they are."""

import datetime
import os
import platform
import re
import subprocess

from harness.report import headings, lines_of

_HOW = """\
- hocket and the peers take turns: every round runs each of them once. A result that is not called a median is
  the best of all rounds and batches, because every disturbance makes a run slower.
- *ratio* is hocket's result divided by that of the peer that the bar names; without a bar, by the code written by
  hand or else by the best peer. *–*: the peer has no such feature, or it is not installed.
- Less is better, except where the bar is "≥" or the unit is a rate.

    make bench                                # everything but the clusters
    make bench GROUPS=cluster                 # the clusters: installs Ray and Dask from PyPI below build/, 400 MB
    benchmarks/run --quick --only processes   # one group, one round, no page written
"""


_QUICK = " A quick run: one round each."


def write(groups, samples, programs, path, quick, only_some):
    """With `only_some`, not all groups that are usually measured together were measured."""
    old = _sections_of(path)
    sections = []
    for group in groups:
        if any(row in samples for row in group.rows):
            sections.append(_section(group, samples, only_some, quick))
        elif group.title in old:
            sections.append(old[group.title])
    where = old.get("Where") if only_some else None
    if where is None:
        facts = [[name, value] for name, value in _facts(programs) if value]
        where = f"## Where\n\n{_table([['', ''], ['---', '---'], *facts])}\n"
    text = f"""# Benchmarks

hocket and its peers on one machine, each group measured in one run. `make bench` measures again and writes this
page. {_summary(sections)}.{_QUICK if quick and not only_some else ""}

{chr(10).join(sections)}
## How

{_HOW}
{where}"""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _sections_of(path):
    """{title: section} of the page that is there."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    sections = re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]
    return {section.partition("\n")[0].removeprefix("## "): section.rstrip() + "\n" for section in sections}


def _summary(sections):
    verdicts = re.findall(r"\| (pass|MISS) \|$", "".join(sections), re.MULTILINE)
    return f"{verdicts.count('pass')} of {len(verdicts)} bars reached"


def _section(group, samples, only_some, quick):
    rule = ["---"] * 2 + ["--:"] * len(group.columns) + ["---"] * 3
    table = _table([headings(group), rule, *lines_of(group, samples)])
    notes = group.notes
    if only_some:
        versions = ", ".join(f"{name} {version}" for name, version in group.versions())
        notes += f"- Measured apart from the other groups, on {datetime.date.today().isoformat()}"
        notes += f", with {versions}." if versions else "."
        notes += (_QUICK if quick else "") + "\n"
    return f"## {group.title}\n\n{table}\n\n{notes}"


def _table(lines):
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _facts(programs):
    python, uvloop = _python_versions(programs)
    compilers = {
        "rest of the programs": _cmake_cache(programs.build, "CMAKE_CXX_COMPILER"),
        "g++": _cmake_cache(programs.build, "HOCKET_BENCH_GXX"),
        "clang++": _cmake_cache(programs.build, "HOCKET_BENCH_CLANGXX"),
    }
    # Shows clocks and caches of the machine, but not its name or location.
    return [
        ("date", datetime.date.today().isoformat()),
        ("machine", f"{os.cpu_count()} × {_cpu()}, {_memory():.0f} GiB"),
        ("system", f"{_system()}, Linux {platform.release().split('-')[0]}"),
        *((name, path and _first_line(path, "--version")) for name, path in compilers.items()),
        ("Asio", _asio()),
        ("TBB", _first_line("pkg-config", "--modversion", "tbb") or "not installed"),
        ("libuv", _first_line("pkg-config", "--modversion", "libuv") or "not installed"),
        ("Python", python),
        ("uvloop", uvloop),
    ]


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


def _python_versions(programs):
    python = _first_line(programs.python, "-c", "import platform as p; print(p.python_version())")
    uvloop = _first_line(programs.python, "-c", "import uvloop; print(uvloop.__version__)")
    return python, uvloop or "not installed"
