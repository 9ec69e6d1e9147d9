"""The function and its items: how they are named, found and loaded again in another process."""

import importlib
import inspect
import json
import os
import pickle
import sys
from dataclasses import dataclass
from pathlib import Path

from .errors import InputError


@dataclass(frozen=True)
class Reference:
    """A function by name, which every process can load for itself."""

    module: str
    name: str
    main_path: str | None = None  # the script whose __main__ it is defined in

    def __str__(self):
        return f"{self.module}:{self.name}"

    def load(self):
        try:
            value = importlib.import_module(self.module)
        except ModuleNotFoundError as error:
            if error.name and (self.module == error.name or self.module.startswith(error.name + ".")):
                raise InputError(f"there is no module {error.name!r} (looked in {os.getcwd()} and sys.path)") from None
            raise InputError(f"{self.module} cannot be imported: {error}") from error
        except Exception as error:
            raise InputError(f"{self.module} cannot be imported: {type(error).__name__}: {error}") from error
        for part in self.name.split("."):
            try:
                value = getattr(value, part)
            except AttributeError:
                raise InputError(f"{self.module} has no {self.name!r}") from None
        return value


def parse_reference(text):
    """`module:function`, where both may contain dots."""
    module, colon, name = text.partition(":")
    parts = module.split(".") + name.split(".")
    if not colon or not all(part.isidentifier() for part in parts):
        raise InputError(f"{text!r} does not name a function; write module:function")
    return Reference(module, name)


def reference_of(function):
    """The reference of a function object; other processes find it by this name."""
    name = getattr(function, "__qualname__", None)
    module = getattr(function, "__module__", None)
    if not name or not module or "<" in name:
        raise InputError(f"{function!r} cannot be pickled: define it with def at the top level of a module")
    main_path = None
    if module == "__main__":
        main_path = getattr(sys.modules["__main__"], "__file__", None)
        if main_path is None or not os.path.exists(main_path):
            raise InputError(f"{name} is defined in an interactive session; other processes cannot load it. Put it into a file")
        main_path = os.path.abspath(main_path)
    elif Reference(module, name).load() is not function:
        raise InputError(f"{function!r} cannot be pickled: {module}.{name} is another object")
    return Reference(module, name, main_path)


@dataclass(frozen=True)
class ItemsFile:
    path: str

    def load(self):
        try:
            text = Path(self.path).read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"the items cannot be read: {error}") from None
        if not self.path.endswith(".json"):
            return [line for line in text.splitlines() if line]
        try:
            items = json.loads(text)
        except ValueError as error:
            raise InputError(f"{self.path} is not JSON: {error}") from None
        if not isinstance(items, list):
            raise InputError(f"{self.path} must contain a list, not a {type(items).__name__}")
        return items


@dataclass(frozen=True)
class ItemsReference:
    reference: Reference

    def load(self):
        items = self.reference.load()
        if callable(items):
            try:
                items = items()
            except Exception as error:
                raise InputError(f"{self.reference}() raised {type(error).__name__}: {error}") from None
        try:
            return list(items)
        except TypeError:
            raise InputError(f"{self.reference} is not a list of items") from None


@dataclass(frozen=True)
class ItemsPickle:
    data: bytes

    def load(self):
        return pickle.loads(self.data)


def parse_items(text):
    """A .json or .txt file, or module:items."""
    if text.endswith((".json", ".txt")):
        return ItemsFile(os.path.abspath(text))
    try:
        return ItemsReference(parse_reference(text))
    except InputError:
        raise InputError(f"{text!r} does not name items; give a .json file, a .txt file or module:items") from None


def pickled_items(items):
    items = list(items)
    try:
        return ItemsPickle(pickle.dumps(items))
    except Exception as error:
        raise InputError(f"the items cannot be pickled: {error}") from None


@dataclass(frozen=True)
class Workload:
    """What is measured. It can be sent to another process, and loaded there."""

    function: Reference
    items: ItemsFile | ItemsReference | ItemsPickle
    async_function: Reference | None = None

    def load_items(self):
        items = self.items.load()
        if not items:
            raise InputError("there are no items: the list is empty")
        return items


def check_function(function, item, reference):
    """Complains about a function that cannot be called with one item."""
    if not callable(function):
        raise InputError(f"{reference} is not a function")
    if inspect.iscoroutinefunction(function):
        raise InputError(f"{reference} is an async function: pass it with --async (asynchronous= in code), and a plain function beside it")
    check_arguments(function, item, reference)


def check_async_function(function, item, reference):
    if not inspect.iscoroutinefunction(function):
        raise InputError(f"{reference} is not an async function")
    check_arguments(function, item, reference)


def check_arguments(function, item, reference):
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return  # some built-in functions have no signature
    try:
        signature.bind(item)
    except TypeError as error:
        raise InputError(f"{reference}{signature} cannot be called with one item: {error}") from None
