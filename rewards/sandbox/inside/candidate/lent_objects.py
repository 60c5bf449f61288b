"""What the candidate sees of the judge's objects: functions it may call, iterators, instances of the tests' classes.

A handle is `["j", number, kind, [special methods]]`. Every use is a question to the judge, which answers only for
objects it handed out, and only public attributes of instances of the tests' own classes.
"""

import builtins
import importlib
from collections.abc import Callable
from typing import Any

from ..protocol.codec import CodecError

Ask = Callable[..., Any]
FUNCTION_MODULES = ("builtins", "math", "operator")
"""Modules whose functions cross by name, from the judge to the candidate only."""

SPECIAL = (
    "__len__ __getitem__ __setitem__ __delitem__ __contains__ __iter__ __next__ __bool__ __str__ __repr__ "
    "__eq__ __ne__ __lt__ __le__ __gt__ __ge__ __add__ __sub__ __mul__ __call__ __enter__ __exit__"
).split()
"""Special methods of the tests' own classes that the candidate may use."""


class LentObject:
    """Stands in the candidate for one object of the judge."""

    def __getattr__(self, name: str) -> Any:
        ask: Ask = object.__getattribute__(self, "_ask")
        return ask("getattr", self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        object.__getattribute__(self, "_ask")("setattr", self, name, value)

    def __hash__(self) -> int:
        return hash(object.__getattribute__(self, "_handle")[1])


def handle_of(value: LentObject) -> list[Any]:
    """The handle that the judge knows it by."""
    handle: list[Any] = object.__getattribute__(value, "_handle")
    return handle


def lent_object(data: list[Any], ask: Ask) -> Any:
    """The object for a handle of the judge. Raises CodecError for anything else."""
    if data[0] == "F":
        return _function(data[1])
    if data[0] != "j":
        raise CodecError("unknown tag")
    methods = {name: _method(name) for name in data[3] if name in SPECIAL}
    made: LentObject = type("StandIn", (LentObject,), methods)()
    object.__setattr__(made, "_ask", ask)
    object.__setattr__(made, "_handle", data)
    return made


def _method(name: str) -> Callable[..., Any]:
    def method(self: LentObject, *arguments: Any) -> Any:
        ask: Ask = object.__getattribute__(self, "_ask")
        if name == "__iter__":
            return iter(ask("list", self))
        return ask("special", self, name, *arguments)

    return method


def _function(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    if module not in FUNCTION_MODULES:
        raise CodecError("unknown function")
    return getattr(builtins if module == "builtins" else importlib.import_module(module), attribute)
