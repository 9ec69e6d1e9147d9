"""Measures a workload and says which concurrency model fits it.

    answer = hocket.choose(work, items)
    print(answer.choice, answer.workers, answer.reason)

The module itself can be called. As a decorator, `@hocket.choose.mapped()` gives a function a method `map` that measures on its
first call and uses the model that was chosen from then on. On the command line: `python -m hocket.choose --help`.
"""

import sys
import types

from .errors import InputError

__all__ = ["InputError", "choose", "mapped"]


def choose(work, items, *, asynchronous=None, budget=30.0, cores=None, slo=None, check=True):
    """Measures `work(item)` over the items and returns an Answer; takes up to `budget` seconds.

    `work`, and its coroutine version `asynchronous`, are functions at the top level of a module, because other processes load
    them by name. `slo` is an objective such as "p99=50ms". Raises InputError if the workload cannot be measured. A script that
    calls this must do so under `if __name__ == "__main__":`, as for multiprocessing.
    """
    from .interface import measure

    return measure(work, items, asynchronous, budget, cores, slo, check)


def mapped(*, asynchronous=None, budget=10.0):
    """A decorator: `function.map(items)` returns the results in order, by the model that fits the function.

        @hocket.choose.mapped()
        def resize(path): ...

        thumbnails = resize.map(paths)

    The first `map` measures, with its items as the sample. Calling the function itself stays what it was.
    """
    from .interface import MappedFunction

    return lambda function: MappedFunction(function, asynchronous, budget)


class CallableModule(types.ModuleType):
    def __call__(self, work, items, **options):
        return choose(work, items, **options)


sys.modules[__name__].__class__ = CallableModule
