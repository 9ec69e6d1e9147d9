"""Claims that articles make about concurrency in Python, each measured in a few seconds."""

import json
import textwrap

from ..errors import ModelFailed
from .bench import Bench
from .claims import CLAIMS


def measured_claims():
    """(claim, measurement, verdict) of each, as it is measured."""
    with Bench() as bench:
        for claim, measure in CLAIMS:
            try:
                measurement, verdict = measure(bench)
            except ModelFailed as error:
                measurement, verdict = str(error), "not measured"
            yield claim, measurement, verdict


def print_myths(as_json=False):
    if as_json:
        print(json.dumps([dict(zip(("claim", "measurement", "verdict"), row)) for row in measured_claims()]))
        return 0
    for claim, measurement, verdict in measured_claims():
        print(f"“{claim}”")
        print(textwrap.fill(measurement, 100, initial_indent="    measured: ", subsequent_indent="              "))
        print(f"    verdict:  {verdict}\n", flush=True)
    return 0
