"""The report as one HTML file: its plots are inline SVG, and it loads nothing."""

import math
from html import escape

from .durations import format_duration
from .recommended_code import recommended_code
from .text_report import HEADS, cells, format_rate, needs, other_cores, sentence, start_up

COLOURS = {
    "sequential": "#666666",
    "asyncio": "#1b7f5c",
    "threads": "#1f5fb4",
    "interpreters": "#8a4fb0",
    "processes": "#c2571a",
}
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62em; margin: 2em auto; padding: 0 1em; color: #222; background: #fff }
table { border-collapse: collapse; font-size: 14px } th, td { padding: .3em .7em; text-align: right; border-bottom: 1px solid #ddd }
th:first-child, td:first-child, th:last-child, td:last-child { text-align: left }
tr.chosen { background: #eef6ee; font-weight: 600 } pre { background: #f5f5f5; padding: 1em; overflow-x: auto }
svg text { font: 12px system-ui, sans-serif; fill: #333 }
"""
WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 720, 340, 80, 40, 16, 110


def throughput_plot(answer):
    """Items a second against workers, both logarithmic."""
    rows = [row for row in answer.rows if row.points]
    widths = sorted({width for row in rows for width in row.points})
    rates = [rate for row in rows for rate in row.points.values()]
    low = math.log10(min(rates)) - 0.05
    high = math.log10(max(rates)) + 0.05
    most = max(math.log2(widths[-1]), 1)

    def x(width):
        return LEFT + math.log2(width) / most * (WIDTH - LEFT - RIGHT)

    def y(rate):
        return HEIGHT - BOTTOM - (math.log10(rate) - low) / (high - low) * (HEIGHT - BOTTOM - TOP)

    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Throughput against workers">']
    for width in widths:
        parts.append(f'<line x1="{x(width):.1f}" y1="{TOP}" x2="{x(width):.1f}" y2="{HEIGHT - BOTTOM}" stroke="#eee"/>')
        parts.append(f'<text x="{x(width):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{width}</text>')
    for step in range(5):
        rate = 10 ** (low + (high - low) * step / 4)
        parts.append(f'<line x1="{LEFT}" y1="{y(rate):.1f}" x2="{WIDTH - RIGHT}" y2="{y(rate):.1f}" stroke="#eee"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y(rate) + 4:.1f}" text-anchor="end">{format_rate(rate)}</text>')
    labels = spread([y(list(row.points.values())[-1]) for row in rows])
    for row, label in zip(rows, labels):
        colour = COLOURS[row.model]
        points = " ".join(f"{x(width):.1f},{y(rate):.1f}" for width, rate in row.points.items())
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for width, rate in row.points.items():
            title = f"{row.model}, {width} workers: {format_rate(rate)} items/s"
            parts.append(f'<circle cx="{x(width):.1f}" cy="{y(rate):.1f}" r="4" fill="{colour}"><title>{title}</title></circle>')
        last = list(row.points)[-1]
        parts.append(f'<text x="{x(last) + 8:.1f}" y="{label + 4:.1f}" style="fill:{colour}">{row.model}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}" text-anchor="middle">workers</text></svg>')
    return "".join(parts)


def spread(positions, least=14):
    """Moves labels apart that would be drawn over each other."""
    order = sorted(range(len(positions)), key=positions.__getitem__)
    moved = list(positions)
    for before, after in zip(order, order[1:]):
        moved[after] = max(moved[after], moved[before] + least)
    return moved


def time_plot(answer):
    """Where an item's time goes, model by model: CPU time of the work, what the model adds, and waiting."""
    rows = [row for row in answer.rows if row.cpu_per_item is not None]
    work, wait = answer.profile.cpu, answer.profile.wait
    bars = [(row, [min(work, row.cpu_per_item), max(row.cpu_per_item - work, 0), wait]) for row in rows]
    longest = max(sum(parts) for _, parts in bars)
    height = 34 * len(rows) + 40
    names = (("CPU time of the work", "#1f5fb4"), ("CPU time that the model adds", "#c2571a"), ("waiting", "#cccccc"))
    parts = [f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="Where the time of an item goes">']
    for index, (row, times) in enumerate(bars):
        top, left = 8 + 34 * index, 110.0
        parts.append(f'<text x="100" y="{top + 17}" text-anchor="end">{row.model}</text>')
        for seconds, (name, colour) in zip(times, names):
            width = seconds / longest * (WIDTH - 220)
            title = f"{name}: {format_duration(seconds)}"
            parts.append(f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="24" fill="{colour}"><title>{title}</title></rect>')
            left += width
        parts.append(f'<text x="{left + 8:.1f}" y="{top + 17}">{format_duration(sum(times))}</text>')
    left = 110
    for name, colour in names:
        parts.append(f'<rect x="{left}" y="{height - 22}" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{left + 18}" y="{height - 12}">{name}</text>')
        left += 30 + 7 * len(name)
    return "".join(parts) + "</svg>"


def table(answer):
    lines = ["<table><tr>" + "".join(f"<th>{head}</th>" for head in HEADS) + "</tr>"]
    for row in answer.rows:
        kind = ' class="chosen"' if row.model == answer.choice else ""
        lines.append(f"<tr{kind}>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells(row)) + "</tr>")
    return "".join(lines) + "</table>"


def html_report(answer):
    title = f"Which model fits {answer.workload.function}"
    parts = [f"<h1>{escape(title)}</h1>", f"<p><strong>{escape(sentence(answer))}</strong></p>"]
    parts += [f"<p>{escape(note)}</p>" for note in answer.notes]
    if answer.profile:
        parts += [f"<p>{escape(needs(answer.profile))}</p>", table(answer)]
    if answer.choice != "none":
        parts += [f"<p>{escape(start_up(answer))}</p>", "<h2>The code</h2>", f"<pre>{escape(recommended_code(answer))}</pre>"]
    if any(row.points for row in answer.rows):
        parts += ["<h2>Throughput against workers</h2>", throughput_plot(answer)]
        parts += ["<h2>Where an item's time goes</h2>", time_plot(answer)]
        parts += ["<h2>Other machines</h2>", f"<pre>{escape(other_cores(answer))}</pre>"]
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style></head>'
        f"<body>{''.join(parts)}</body></html>\n"
    )
