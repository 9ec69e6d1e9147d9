"""The object that every subject receives when it is measured."""

from dataclasses import dataclass
from functools import cached_property

from harness.certificate import Certificate
from harness.programs import Programs
from harness.progress import Progress
from harness.samples import Samples


@dataclass
class Run:
    programs: Programs
    samples: Samples
    progress: Progress
    quick: bool  # One round each.

    @cached_property
    def certificate(self):
        """The certificate of all TLS servers."""
        return Certificate()
