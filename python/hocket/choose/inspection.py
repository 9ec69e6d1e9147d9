"""What the source of a function tells: locks and other state that worker processes would only have copies of."""

import pickle
import sys
import sysconfig
import threading
import types

LOCKS = (
    type(threading.Lock()),
    type(threading.RLock()),
    threading.Condition,
    threading.Semaphore,
    threading.Event,
    threading.Barrier,
)

# A dictionary or an object may be a cache, which each process can have for itself; these are counts and collections, from which
# the results of other processes would be missing.
ACCUMULATORS = (int, float, complex, str, bytes, bytearray, list, set)


def names_in(code):
    """Global and attribute names that a code object and those nested in it mention."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= names_in(constant)
    return names


def is_users(module_name):
    """Whether a module is the user's own rather than the standard library's or an installed package's."""
    file = getattr(sys.modules.get(module_name), "__file__", None)
    if file is None:
        return module_name in ("__main__", "__mp_main__")
    libraries = (sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))
    return not file.startswith(libraries)


def referenced_values(function):
    """Name → value of what a function and the functions that it calls in the user's modules refer to."""
    found = {}
    waiting = [function]
    seen = set()
    while waiting:
        current = waiting.pop()
        current = getattr(current, "__wrapped__", current)
        if not isinstance(current, types.FunctionType) or current in seen:
            continue
        seen.add(current)
        names = names_in(current.__code__)
        values = {name: current.__globals__[name] for name in names if name in current.__globals__}
        for name, cell in zip(current.__code__.co_freevars, current.__closure__ or ()):
            try:
                values[name] = cell.cell_contents
            except ValueError:
                continue  # the variable has no value yet
        for owner, value in list(values.items()):
            if isinstance(value, types.ModuleType) and is_users(value.__name__):
                values |= {f"{owner}.{name}": vars(value)[name] for name in names if name in vars(value)}
            elif hasattr(value, "__dict__") and is_users(type(value).__module__):
                values |= {f"{owner}.{name}": vars(value)[name] for name in names if name in vars(value)}
        for name, value in values.items():
            if isinstance(value, types.FunctionType):
                if is_users(value.__module__):
                    waiting.append(value)
            elif not isinstance(value, (types.ModuleType, type)):
                found[name] = value
    return found


def find_locks(function):
    """Names of the locks that the function refers to."""
    return sorted(name for name, value in referenced_values(function).items() if isinstance(value, LOCKS))


def snapshot(function):
    """Name → (type, contents) of the state that the function could change, as far as it can be pickled."""
    state = {}
    for name, value in referenced_values(function).items():
        try:
            state[name] = type(value), pickle.dumps(value)
        except Exception:
            continue  # connections, files and the like
    return state


def changed(before, after):
    """Names whose contents differ, as (name, whether it accumulates results)."""
    names = [name for name in before if name in after and before[name] != after[name]]
    return sorted((name, issubclass(before[name][0], ACCUMULATORS)) for name in names)
