"""Claims that articles make about concurrency in Python, each measured in a few seconds."""

import datetime
import json
import platform
import textwrap

from ..cpus import count_of_cpus, usable_cpus
from ..errors import ModelFailed
from .bench import Bench
from .claims import CLAIMS


def measured_claims():
    """(claim, measurement, verdict) of each, as it is measured. Ctrl-C ends the list."""
    try:
        with Bench() as bench:
            for claim, measure in CLAIMS:
                try:
                    measurement, verdict = measure(bench)
                except ModelFailed as error:
                    measurement, verdict = str(error), "not measured"
                yield claim, measurement, verdict
    except KeyboardInterrupt:
        pass


def print_json():
    print(json.dumps([dict(zip(("claim", "measurement", "verdict"), row)) for row in measured_claims()]))


def print_markdown():
    print(f"Measured on {datetime.date.today()} with Python {platform.python_version()} on {count_of_cpus(usable_cpus())} ({processor()}).\n")
    print("| claim | measured | verdict |\n|---|---|---|")
    for row in measured_claims():
        print("| " + " | ".join(text.replace("|", "\\|") for text in row) + " |", flush=True)


def print_text():
    for claim, measurement, verdict in measured_claims():
        print(f"“{claim}”")
        print(textwrap.fill(measurement, 100, initial_indent="    measured: ", subsequent_indent="              "))
        print(f"    verdict:  {verdict}\n", flush=True)


def processor():
    """The name of the CPU, as the kernel gives it."""
    with open("/proc/cpuinfo") as file:
        names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    return names[0] if names else platform.machine()
