"""The tables: as lines of cells, and formatted for a terminal."""

import os

_GREEN, _RED, _BOLD, _PLAIN = "\033[32m", "\033[31m", "\033[1m", "\033[0m"


def headings(group):
    return ["what", "unit", *group.columns, "ratio", "bar", ""]


def lines_of(group, samples):
    """The lines of the rows that were measured."""
    return [_cells(group, samples, row) for row in group.rows if row in samples]


def summary(groups, samples):
    verdicts = [samples.passes(row) for group in groups for row in group.rows if row in samples]
    reached, missed = verdicts.count(True), verdicts.count(False)
    return f"{reached} of {reached + missed} bars reached"


def print_table(group, samples, stream):
    lines = [headings(group), *lines_of(group, samples)]
    if len(lines) == 1:
        return
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    numbers = range(2, 2 + len(group.columns))
    for line in lines:
        aligned = [
            text.rjust(width) if place in numbers else text.ljust(width)
            for place, (text, width) in enumerate(zip(line, widths))
        ]
        if line is lines[0]:
            print("\n" + _coloured(group.title, _BOLD, stream), file=stream)
        elif line[-1]:
            aligned[-1] = _coloured(line[-1], _GREEN if line[-1] == "pass" else _RED, stream)
        print("  ".join(aligned).rstrip(), file=stream, flush=True)


def _coloured(text, colour, stream):
    if not stream.isatty() or "NO_COLOR" in os.environ:
        return text
    return colour + text + _PLAIN


def _cells(group, samples, row):
    ratio = samples.ratio(row)
    passed = samples.passes(row)
    return [
        row.title,
        row.unit,
        *(_number(samples.value(row, column)) for column in group.columns),
        f"{_times(ratio[0])}× {ratio[1]}" if ratio else "–",
        _bar(row),
        "" if passed is None else "pass" if passed else "MISS",
    ]


def _number(value):
    if value is None:
        return "–"
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def _times(ratio):
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.3f}"


def _bar(row):
    if row.bar is None:
        return ""
    sign = "≥" if row.more_is_better else "≤"
    if row.bar.against:
        times = "" if row.bar.limit == 1 and row.bar.offset else f"{_times(row.bar.limit)}× "
        plus = f" + {_number(row.bar.offset)}" if row.bar.offset else ""
        return f"{sign} {times}{row.bar.other}{plus}"
    return f"{sign} {_number(row.bar.limit).removesuffix('.0')}"
