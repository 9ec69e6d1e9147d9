"""Whether two results are the same."""

import pickle


def same(a, b):
    """Equality that also holds for NaN, arrays, and objects that do not define equality. What can neither be compared nor pickled,
    such as a function, counts as the same if it is of the same type."""
    try:
        equal = a == b
        if equal is True:
            return True
        if hasattr(equal, "all"):  # arrays compare element by element
            if getattr(a, "shape", None) == getattr(b, "shape", None) and bool(equal.all()):
                return True
        elif equal:
            return True
    except Exception:
        pass  # comparing is the user's code; the pickles decide then
    try:
        return pickle.dumps(a) == pickle.dumps(b)
    except Exception:
        return type(a) is type(b)


def first_difference(expected, results):
    """The index of the first result that differs, or None."""
    for index, (a, b) in enumerate(zip(expected, results)):
        if not same(a, b):
            return index
    return None
