"""The tables that `python -m hocket` prints."""

import os
import shutil

__all__ = ["print_facts", "print_table"]

_BOLD, _DIM, _GREEN, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[0m"
_EIGHTHS = " ▏▎▍▌▋▊▉"
_PGO = {
    True: "built with profile-guided optimization",
    False: "built without profile-guided optimization: loops differ more with it",
    None: "does not say whether it was built with profile-guided optimization (those of Debian and Ubuntu are)",
}


def print_facts(facts, stream):
    found = dict(facts["versions"])
    pgo = _PGO[found.pop("python_pgo")]
    found["python"] += f", {pgo}"
    for heading, lines in (("Versions", found), ("hocket's event loop", facts["in_use"])):
        print(_styled(heading, _BOLD, stream), file=stream)
        width = max(map(len, lines)) + 2
        for name, value in lines.items():
            print(f"  {name:<{width}}{value}", file=stream)
        print(file=stream)


def print_table(results, loops, stream):
    """For each program: the time of each loop, how it compares with asyncio's, and a bar."""
    if not any(results.values()):
        return
    title_width = max(map(len, results)) + 2
    loop_width = max(map(len, loops)) + 1
    bar_width = max(10, min(40, _columns(stream) - title_width - loop_width - 24))
    heading = f"{'CPU time an operation':<{title_width}}{'':<{loop_width}}{'ns':>10}{'':>12}"
    print(_styled(heading.rstrip(), _BOLD, stream), file=stream)
    for title, times in results.items():
        longest = max(times.values(), default=0)
        for loop in loops:
            start = f"{title:<{title_width}}{loop:<{loop_width}}"
            title = ""
            if loop not in times:
                print(f"{start}{'–':>10}", file=stream)
                continue
            bar = _bar(times[loop] / longest, bar_width, stream)
            line = f"{start}{times[loop]:>10,.0f}  {_ratio(times, loop):>12}  "
            print(line + _styled(bar, _GREEN if loop == "hocket" else _DIM, stream), file=stream)


def _ratio(times, loop):
    if loop == "asyncio" or "asyncio" not in times:
        return ""
    ratio = times["asyncio"] / times[loop]
    return f"{ratio:.1f}× faster" if ratio >= 1 else f"{1 / ratio:.1f}× slower"


def _bar(part, width, stream):
    if "utf" not in (stream.encoding or "").lower():
        return "#" * max(1, round(part * width))
    eighths = max(1, round(part * width * 8))
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def _columns(stream):
    return shutil.get_terminal_size((100, 24)).columns if stream.isatty() else 100


def _styled(text, style, stream):
    if not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"{style}{text}{_PLAIN}"
