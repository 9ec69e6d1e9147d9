"""hocket.choose in code."""

import functools
import os

from .durations import parse_duration, parse_objective
from .errors import InputError
from .workload import Workload, pickled_items, reference_of

SAMPLE = 1000


def measure(work, items, asynchronous, budget, cores, slo, check):
    from .study import Options, Study

    if os.environ.get("HOCKET_CHOOSE_MEASURING"):
        raise InputError('choose was called while the module was imported for measuring; call it under if __name__ == "__main__":')
    workload = Workload(reference_of(work), pickled_items(items), reference_of(asynchronous) if asynchronous else None)
    objective = parse_objective(slo) if slo else None
    with Study(workload, Options(parse_duration(budget), cores, objective, check)) as study:
        return study.run()


class MappedFunction:
    """A function, and a `map` that uses the model which fits it. `answer` is what was measured, after the first `map`."""

    def __init__(self, function, asynchronous, budget):
        functools.update_wrapper(self, function)
        self.asynchronous = asynchronous
        self.budget = budget
        self.answer = None

    def __call__(self, *arguments, **keywords):
        return self.__wrapped__(*arguments, **keywords)

    def __reduce__(self):
        # Other processes find it by its name, as they do any function.
        return self.__qualname__

    def map(self, items):
        from . import models

        items = list(items)
        if not items:
            return []
        if self.answer is None:
            self.answer = measure(self, items[:SAMPLE], self.asynchronous, self.budget, None, None, True)
        name = self.answer.choice if self.answer.choice != "none" else "sequential"
        row = self.answer.row(name)
        model = models.create(name, self.answer.workload)
        try:
            model.start(min(row.workers, len(items)))
            return model.map(items, row.chunk)
        finally:
            model.stop()
