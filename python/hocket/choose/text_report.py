"""The report for a terminal."""

from .answer import OTHER_CORES
from .cpus import count_of_cpus
from .durations import format_duration
from .recommended_code import recommended_code


def format_rate(value):
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


HEADS = ("model", "workers", "items/s", "95 % interval", "p99", "CPU an item", "memory", "reason")


def cells(row):
    """The columns of a model, as text."""
    if row.items_per_s is None:
        return [row.model] + ["–"] * (len(HEADS) - 2) + [row.reason]
    low, high = row.interval
    return [
        row.model,
        str(row.workers),
        format_rate(row.items_per_s),
        f"{format_rate(low)}–{format_rate(high)}" if low != high else "one run",
        "–" if row.p99 is None else format_duration(row.p99),
        format_duration(row.cpu_per_item),
        f"{row.memory / (1 << 20):.0f} MiB",
        row.reason,
    ]


def table(answer):
    lines = [list(HEADS)] + [cells(row) for row in answer.rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]) - 1)]
    aligned = []
    for line in lines:
        texts = [line[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(line[1:-1], widths[1:])]
        aligned.append("  ".join(texts + [line[-1]]).rstrip())
    return "\n".join(aligned)


def sentence(answer):
    if answer.choice == "none":
        return f"No answer: {answer.reason}."
    workers = "" if answer.choice == "sequential" else f" with {answer.workers} workers"
    if answer.choice == "sequential":
        return f"Run it sequentially: {answer.reason}."
    low, high = answer.interval
    interval = f"95 % interval {low:.2f}–{high:.2f}" if low != high else "one run each, so no interval"
    return f"Use {answer.choice}{workers}: {answer.speedup:.2f}× sequential ({interval}); {answer.reason}."


def start_up(answer):
    """After how many items the start of the workers has paid off."""
    row = answer.row(answer.choice)
    alone = answer.row("sequential")
    if not row.start_seconds or not alone.items_per_s or row.items_per_s <= alone.items_per_s:
        return ""
    items = row.start_seconds / (1 / alone.items_per_s - 1 / row.items_per_s)
    if items < 2:
        return ""
    return f"Starting the workers takes {format_duration(row.start_seconds)}; this pays off with {items:,.0f} items or more."


def other_cores(answer):
    choices = []
    for cores in OTHER_CORES:
        model, workers, rate = answer.on_cores(cores)
        count = "" if model == "sequential" else f" × {workers}"
        choices.append(f"    {count_of_cpus(cores):>7}: {model}{count}, {format_rate(rate)} items/s")
    return "On another number of CPUs, predicted:\n" + "\n".join(choices)


def needs(profile):
    return (
        f"An item needs {format_duration(profile.cpu)} of CPU time, with the GIL held in {profile.gil_share:.0%} of it, and waits "
        f"{format_duration(profile.wait)}." + pickling(profile)
    )


def pickling(profile):
    if profile.unpicklable:
        return ""
    size, seconds = f"{profile.pickle_bytes:,.0f} bytes", format_duration(profile.pickle_cpu)
    return f" Pickled, it and its result are {size}, which takes {seconds} of CPU time there and back."


def text_report(answer):
    parts = []
    if answer.interrupted:
        parts.append("Interrupted; this is what was known.")
    if answer.profile:
        parts.append(needs(answer.profile))
        parts.append(table(answer))
    parts.append(sentence(answer))
    parts.extend(answer.notes)
    if answer.choice != "none":
        note = start_up(answer)
        if note:
            parts.append(note)
        parts.append("    " + recommended_code(answer).rstrip().replace("\n", "\n    ").replace("\n    \n", "\n\n"))
        if not answer.interrupted:
            parts.append(other_cores(answer))
    return "\n\n".join(parts) + "\n"
