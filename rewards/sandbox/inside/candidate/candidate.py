"""The candidate's process: runs the program and answers the judge's requests with plain values.

Nothing here is trusted: the program shares the interpreter and may replace all of it. It only ever gains the
power to answer with other plain values.

A request is `[operation, [arguments], {keywords}]`; the answer `["ok", value, changed arguments or null]`,
`["stop"]` (an iterator's end) or `["error", builtin class, message, handle of its own class or null, handle of the
exception or null]`.
"""

import builtins
import contextlib
import enum
import io
import operator
import os
import random
import sys
import types
from collections.abc import Callable
from typing import Any

from ..protocol import codec, frames
from . import lent_objects

MODULE = "solution"
_FLAT: tuple[Any, ...] = (enum.Enum, str, bytes, bytearray, int, float, complex, tuple, list, dict, set, frozenset)
_MAX_HANDLES = 200_000
_MAX_PRINTED = 2**20


class Candidate:
    """One program and the objects of it that the judge holds handles of."""

    def __init__(self, read: int, write: int) -> None:
        self._read, self._write = read, write
        self._objects: list[Any] = []
        self._known: dict[int, list[Any]] = {}
        self._module = types.ModuleType(MODULE)
        self._printed: list[io.BytesIO] | None = None
        self._operations: dict[str, Callable[..., Any]] = {
            **OPERATIONS,
            "load": self._load,
            "name": lambda name: self._module.__dict__[name],
            "set name": self._set_name,
            "surround": _surround,
            "delete name": self._delete_name,
        }

    def run(self) -> None:
        """Answer requests until the judge hangs up."""
        try:
            while True:
                self._answer(frames.receive(self._read))
        except frames.ClosedError:
            return

    def _answer(self, request: list[Any]) -> None:
        try:
            reply = self._perform(*request)
            frames.send(self._write, reply if self._printed is None else [*reply, self._take_printed()])
        except (StopIteration, StopAsyncIteration) as error:
            frames.send(self._write, ["stop"] if request[0] == "next" else self._failure(error))
        except frames.ClosedError:
            raise
        except BaseException as error:  # noqa: BLE001 - whatever the program raises crosses as data
            reply = self._failure(error)
            frames.send(self._write, reply if self._printed is None else [*reply, self._take_printed()])

    def _take_printed(self) -> list[str]:
        """What was printed since the last answer, to both streams, cut to what a test can want."""
        assert self._printed is not None
        sys.stdout.flush()
        sys.stderr.flush()
        texts = [kept.getvalue()[:_MAX_PRINTED].decode("utf-8", "replace") for kept in self._printed]
        for kept in self._printed:
            kept.seek(0)
            kept.truncate()
        return texts

    def _perform(self, name: str, packed: list[Any], packed_keywords: list[Any]) -> list[Any]:
        arguments = codec.decode(packed, self._resolve)
        keywords = codec.decode(packed_keywords, self._resolve)
        result = self._operations[name](*arguments, **keywords)
        made = name == "call" and isinstance(arguments[0], type)
        value = self._handle(result) if made and not _plain(result) else codec.encode(result, self._export)
        return ["ok", value, self._changes(packed, packed_keywords, arguments, keywords)]

    def _changes(self, packed: Any, packed_keywords: Any, arguments: Any, keywords: Any) -> list[Any] | None:
        """The arguments after the call where they are no longer what was sent."""
        if packed[1:] == [[]] and packed_keywords[1:] == [[], []]:
            return None
        try:
            after = [codec.encode(arguments, self._export), codec.encode(keywords, self._export)]
        except codec.CodecError:
            return None
        return None if after == [packed, packed_keywords] else after

    def _load(self, source: str, prelude: tuple[str, ...] = (), capture: bool = False) -> dict[str, str]:
        """Run the program as module `solution`, after the statements of the prelude; the names it defines and what
        each is. A program that ends with `sys.exit()` has been run to its end."""
        sys.modules[MODULE] = self._module
        sys.argv = [MODULE + ".py"]
        if capture:
            self._printed = [io.BytesIO(), io.BytesIO()]
            sys.stdout, sys.stderr = (
                io.TextIOWrapper(kept, encoding="utf-8", errors="surrogateescape") for kept in self._printed
            )
        scope = self._module.__dict__
        for statement in prelude:
            with contextlib.suppress(ImportError):
                exec(compile(statement, "prelude.py", "exec", dont_inherit=True), scope)
        given = dict(scope)
        try:
            exec(compile(source, MODULE + ".py", "exec", dont_inherit=True), scope)
        except SystemExit as stop:
            if stop.code not in (None, 0):
                raise
        return {
            name: _kind(value)
            for name, value in list(scope.items())
            if type(name) is str and not name.startswith("__") and (name not in given or given[name] is not value)
        }

    def _set_name(self, name: str, value: Any) -> None:
        self._module.__dict__[name] = value

    def _delete_name(self, name: str) -> None:
        del self._module.__dict__[name]

    def _export(self, value: Any, depth: int = 0) -> Any:
        if isinstance(value, lent_objects.LentObject):
            return lent_objects.handle_of(value)
        if isinstance(value, _FLAT) and id(value) not in self._known:
            flat = _flatten(value)
            if type(flat) is not type(value):
                return self._flat(value, flat, depth)
        if type(value).__module__ == "numpy" and getattr(value, "shape", None) == ():
            return codec.encode(value.item(), self._export, depth)
        return self._handle(value)

    def _flat(self, value: Any, flat: Any, depth: int) -> Any:
        """The built-in value under an instance of a subclass, with a handle for what only the instance has."""
        packed = codec.encode(flat, self._export, depth)
        if type(value).__module__ in ("builtins", "collections") or type(flat) in (complex, bytearray):
            return packed
        fields = getattr(type(value), "_fields", None)
        if type(flat) is tuple and type(fields) is tuple and len(fields) == len(flat):
            return ["n", self._handle(value), type(value).__name__, list(fields), packed]
        return ["x", self._handle(value), packed]

    def _handle(self, value: Any) -> list[Any]:
        known = self._known.get(id(value))
        if known is not None:
            return known
        if len(self._objects) >= _MAX_HANDLES:
            raise codec.CodecError("too many objects")
        kind = _kind(value)
        base = _builtin_base(value).__name__ if kind == "exception" else ""
        handle = ["o", len(self._objects), kind, str(getattr(value, "__name__", type(value).__name__)), base]
        self._objects.append(value)
        self._known[id(value)] = handle
        if kind == "exception" and (parent := _own_parent(value)) is not None:
            handle.append(self._handle(parent))
        return handle

    def _resolve(self, data: list[Any]) -> Any:
        if data[0] == "o":
            return self._objects[data[1]]
        return lent_objects.lent_object(data, self._ask)

    def _ask(self, operation: str, *arguments: Any) -> Any:
        """Ask the judge to act on an object of its own; it may ask us back meanwhile."""
        frames.send(self._write, ["callback", operation, codec.encode(arguments, self._export)])
        while True:
            message = frames.receive(self._read)
            if message[0] == "callback-ok":
                return codec.decode(message[1], self._resolve)
            if message[0] == "callback-stop":
                raise StopIteration
            if message[0] == "callback-error":
                raise exception_class(message[1])(message[2])
            self._answer(message)

    def _failure(self, error: BaseException) -> list[Any]:
        kind = type(error)
        own, instance = (None, None) if kind.__module__ == "builtins" else (self._handle(kind), self._handle(error))
        return ["error", _builtin_base(kind).__name__, _text(error), own, instance]


def exception_class(name: Any) -> type[Exception]:
    """The builtin exception class of that name; RuntimeError for any other name."""
    found = getattr(builtins, name, None) if type(name) is str else None
    return found if isinstance(found, type) and issubclass(found, Exception) else RuntimeError


def _own_parent(kind: type[BaseException]) -> type[BaseException] | None:
    """The first base of an exception class that is the program's, too."""
    bases = (base for base in kind.__bases__ if issubclass(base, BaseException))
    return next((base for base in bases if base.__module__ != "builtins"), None)


def _text(error: BaseException) -> str:
    """What the exception was made with: a KeyError's own text would be quoted twice."""
    try:
        if len(error.args) == 1 and type(error.args[0]) is str:
            return error.args[0][:2000]
        return str(error)[:2000]
    except BaseException:  # noqa: BLE001 - the program's own __str__
        return ""


def _kind(value: Any) -> str:
    if isinstance(value, type):
        return "exception" if issubclass(value, BaseException) else "class"
    if isinstance(value, types.ModuleType):
        return "module"
    if callable(value):
        return "function"
    if isinstance(value, types.CoroutineType):
        return "coroutine"
    return "iterator" if hasattr(value, "__next__") else "object"


def _builtin_base(kind: type) -> type:
    return next(base for base in kind.__mro__ if base.__module__ == "builtins")


def _plain(value: Any) -> bool:
    return isinstance(value, BaseException) is False and type(value).__module__ in ("builtins", "collections")


def _flatten(value: Any) -> Any:
    """The built-in value under an instance of a subclass (a named tuple, an IntEnum, a str subclass)."""
    if isinstance(value, enum.Enum) and not isinstance(value, int | str):
        return value
    for base in _FLAT[1:]:
        if isinstance(value, base):
            return base.__new__(base, value) if base in (int, float, str) else base(value)
    return value


def _iterate(value: Any) -> Any:
    return iter(value)


def _await(coroutine: Any) -> Any:
    import asyncio

    return asyncio.run(coroutine)


_INPUT = builtins.input


def _surround(changes: dict[str, Any]) -> None:
    """What the tests have changed around the program (`judge.surroundings`)."""
    if "umask" in changes:
        os.umask(changes["umask"])
    if "cwd" in changes:
        with contextlib.suppress(OSError):
            os.chdir(changes["cwd"])
    if "environ" in changes:
        os.environ.clear()
        os.environ.update(changes["environ"])
    if "argv" in changes:
        sys.argv[:] = changes["argv"]
    if "stdin" in changes:
        sys.stdin = sys.__stdin__ if changes["stdin"] is None else io.StringIO(changes["stdin"])
    if "input" in changes:
        builtins.input = changes["input"] or _INPUT


def _seed(value: Any) -> None:
    """Seed every generator that the program has at hand."""
    random.seed(value)
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, int):
        numpy.random.seed(value % 2**32)


OPERATIONS: dict[str, Callable[..., Any]] = {
    "await": _await,
    "seed": _seed,
    "call": lambda function, /, *arguments, **keywords: function(*arguments, **keywords),
    "getattr": getattr,
    "setattr": setattr,
    "delattr": delattr,
    "getitem": operator.getitem,
    "setitem": operator.setitem,
    "delitem": operator.delitem,
    "len": len,
    "bool": bool,
    "str": str,
    "repr": repr,
    "format": format,
    "abs": abs,
    "int": int,
    "float": float,
    "index": operator.index,
    "iter": _iterate,
    "next": next,
    "enter": lambda value: type(value).__enter__(value),
    "exit": lambda value: type(value).__exit__(value, None, None, None),
    "isinstance": isinstance,
    "neg": operator.neg,
    "pos": operator.pos,
    "invert": operator.invert,
    **{
        name: getattr(operator, name)
        for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "matmul", "and_", "or_", "xor")
    },
    **{name: getattr(operator, name) for name in ("pow", "lshift", "rshift", "eq", "ne", "lt", "le", "gt", "ge")},
}
