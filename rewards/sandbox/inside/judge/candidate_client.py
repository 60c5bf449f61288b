"""The judge's end of the conversation with the candidate.

Whatever arrives is decoded to plain values of exact built-in types, to proxies (`proxies`) or to one of the judge's
own objects; no code of the candidate ever runs here.
"""

import collections
import os
import re
import sys
import types
from collections.abc import Callable
from typing import Any

from ..candidate import lent_objects
from ..candidate.candidate import exception_class
from ..protocol import codec, frames
from .flats import Flat, make_flat, make_named
from .proxies import CallableProxy, CandidateExitError, Proxy, make_proxy, proxy_exception

REPLY_LIMIT = 16 * 2**20
"""Bytes of one answer."""
_MAX_NESTING = 40


class CandidateGoneError(BaseException):
    """The candidate's process ended, or broke the protocol. No `except Exception` takes it for an answer."""


class MissingError(Exception):
    """The program lacks a name that the tests use: its fault, whatever they have called before."""


class MissingNameError(MissingError, NameError):
    """A global name that the program does not define."""


class MissingAttributeError(MissingError, AttributeError):
    """A name of the program's module."""


class CandidateClient:
    """Asks the candidate, and serves what it asks of objects that were lent to it."""

    def __init__(self, read: int, write: int, allow_partial: bool = False, module: str = "solution") -> None:
        self.allow_partial, self.module = allow_partial, module
        self.needs_partial = False
        """Set when a test failed for want of partial isolation."""
        self._read, self._write = read, write
        self._lent: list[Any] = []
        self._lent_ids: dict[int, list[Any]] = {}
        self._nesting = 0
        self.classes: dict[int, type[BaseException]] = {}
        self.partial = False
        """Set when a comparison had to be left to the candidate."""
        self.gone = False
        """Set when the candidate's end of the pipes was closed."""
        self.last: Any = None
        """What the last call gave, for reasons."""
        self.questions = 0
        """Questions so far, but for loading and names: until the first, whatever fails is the tests' own fault."""
        self.at_first: Callable[[], None] = lambda: None
        """Done before the first of these questions."""
        self.before_call: Callable[[], None] | None = None
        """Done before each call of the program."""
        self.home = os.getcwd()  # noqa: PTH109
        """The judge's own folder."""
        self.scratch = "/tmp"
        """The folder in which the program may write."""
        self._known: dict[int, Any] = {}

    def ask(self, operation: str, *arguments: Any, **keywords: Any) -> Any:
        """Perform an operation of `candidate.OPERATIONS` in the candidate; its exceptions are raised here."""
        if operation == "call" and self.before_call is not None:
            self.before_call()
        if operation not in ("load", "name", "surround"):
            self.questions += 1
            if self.questions == 1:
                self.at_first()
        packed = codec.encode(arguments, self._export)
        packed_keywords = codec.encode(keywords, self._export)
        self._send([operation, packed, packed_keywords])
        reply = self._reply()
        kind = reply[0]
        if kind in ("ok", "error") and len(reply) == (4 if kind == "ok" else 6):
            self._print(reply.pop())
        if kind == "ok" and len(reply) == 3:
            self._copy_back(arguments, keywords, reply[2])
            answer = self._decode(reply[1])
            # A name that is no function or class has told the tests something already.
            self.questions += operation == "name" and not isinstance(answer, CallableProxy)
            return answer
        if kind == "stop" and operation == "next":
            raise StopIteration
        if kind == "error" and len(reply) == 5:
            raise self._exception(*reply[1:])
        raise CandidateGoneError("a malformed answer")

    def _send(self, message: Any) -> None:
        try:
            frames.send(self._write, message)
        except frames.ClosedError:
            self.gone = True
            raise CandidateGoneError("the program's process is gone") from None

    def _reply(self) -> list[Any]:
        while True:
            try:
                message = frames.receive(self._read, REPLY_LIMIT)
            except frames.ClosedError as error:
                self.gone = True
                raise CandidateGoneError(f"the program's process is gone ({error})") from None
            if type(message) is not list or not message:
                raise CandidateGoneError("a malformed answer")
            if message[0] != "callback":
                return message
            self._serve_callback(message)

    @staticmethod
    def _print(texts: Any) -> None:
        """What the program printed meanwhile, for tests that capture it."""
        if type(texts) is list and len(texts) == 2:
            for stream, text in zip((sys.stdout, sys.stderr), texts, strict=True):
                if type(text) is str and text:
                    stream.write(text)

    def _decode(self, data: Any) -> Any:
        try:
            return codec.decode(data, self._resolve)
        except codec.CodecError as error:
            raise CandidateGoneError(f"a malformed answer: {error}") from None

    def _copy_back(self, arguments: Any, keywords: Any, changed: Any) -> None:
        if changed is None:
            return
        after = self._decode(changed[0]) if type(changed) is list and len(changed) == 2 else ()
        if type(after) is tuple and len(after) == len(arguments):
            codec.assign(arguments, after)
        after_keywords = self._decode(changed[1]) if after else {}
        if type(after_keywords) is dict and after_keywords.keys() == keywords.keys():
            for key, value in after_keywords.items():
                codec.assign(keywords[key], value)

    def _exception(self, base: Any, message: Any, own: Any, instance: Any) -> BaseException:
        text = str(message)[:2000] if type(message) is str else ""
        if own is not None:
            handle = self._decode(own)
            if isinstance(handle, type) and issubclass(handle, BaseException):
                return proxy_exception(handle, text, self._decode(instance))
        if base in ("StopIteration", "StopAsyncIteration"):
            # As PEP 479 does: it must not end a loop of the tests early.
            return RuntimeError(f"the program raised {base}")
        if base in ("SystemExit", "KeyboardInterrupt", "GeneratorExit", "BaseException"):
            left = CandidateExitError(f"{base}: {text}")
            left.code = int(text) if re.fullmatch(r"-?\d{1,9}", text) else text or None
            return left
        return proxy_exception(exception_class(base), text)

    def _resolve(self, data: list[Any]) -> Any:
        if data[0] == "o" and len(data) in (5, 6) and type(data[1]) is int:
            if data[1] not in self._known:
                self._known[data[1]] = make_proxy(self, data)
            return self._known[data[1]]
        if data[0] == "x" and len(data) == 3:
            return make_flat(self, data[1], self._decode(data[2]))
        if data[0] == "n" and len(data) == 5:
            return make_named(self, data[1], data[2], data[3], self._decode(data[4]))
        if data[0] == "j" and type(data[1]) is int and 0 <= data[1] < len(self._lent):
            return self._lent[data[1]]
        raise codec.CodecError("unknown handle")

    def _export(self, value: Any, _depth: int = 0) -> Any:
        if isinstance(value, Proxy):
            return object.__getattribute__(value, "_holdfast_handle")
        if isinstance(value, Flat):
            return value._holdfast_handle
        if isinstance(value, type) and issubclass(value, BaseException) and hasattr(value, "_holdfast_handle"):
            return value._holdfast_handle
        named = _named_function(value)
        if named is not None:
            return ["F", named]
        known = self._lent_ids.get(id(value))
        if known is None:
            known = ["j", len(self._lent), "object", _lendable(value)]
            self._lent.append(value)
            self._lent_ids[id(value)] = known
        return known

    def _serve_callback(self, message: list[Any]) -> None:
        if len(message) != 3 or self._nesting >= _MAX_NESTING:
            raise CandidateGoneError("a malformed answer")
        arguments = self._decode(message[2])
        action = _ACTIONS.get(message[1]) if type(message[1]) is str else None
        if action is None or type(arguments) is not tuple or not arguments or not self._is_lent(arguments[0]):
            raise CandidateGoneError("a malformed answer")
        self._nesting += 1
        try:
            self._send(["callback-ok", codec.encode(action(*arguments), self._export)])
        except StopIteration:
            self._send(["callback-stop"])
        except CandidateGoneError:
            raise
        except Exception as error:  # noqa: BLE001 - the tests' own code failed in the candidate's call: it is told
            self._send(["callback-error", type(error).__name__, str(error)[:2000]])
        finally:
            self._nesting -= 1

    def _is_lent(self, value: Any) -> bool:
        return id(value) in self._lent_ids


def _named_function(value: Any) -> str | None:
    if isinstance(value, types.BuiltinFunctionType):
        module = getattr(value, "__module__", None)
        module = "operator" if module == "_operator" else module
        if module in lent_objects.FUNCTION_MODULES and getattr(value, "__self__", None) is not None:
            return f"{module}.{value.__name__}"
    return None


def _lendable(value: Any) -> list[str]:
    """The special methods that the candidate may use of a value. Raises CodecError when it may not have it."""
    kind = type(value)
    if isinstance(value, types.FunctionType | types.MethodType) or (
        kind.__module__ == "unittest.mock" and callable(value)
    ):
        return ["__call__"]
    if isinstance(value, type):
        if value.__module__ in HOME:
            return ["__call__"]
        raise codec.CodecError(f"class {value.__name__} cannot be passed to the program")
    if kind.__module__ in HOME:
        return [name for name in lent_objects.SPECIAL if any(name in base.__dict__ for base in kind.__mro__[:-1])]
    if isinstance(value, types.BuiltinMethodType | types.MethodWrapperType) and _collects(value):
        return ["__call__"]
    if hasattr(value, "__next__"):
        return ["__iter__", "__next__"] if not isinstance(value, types.CoroutineType) else []
    raise codec.CodecError(f"a value of type {kind.__name__} cannot be passed to the program")


def _collects(method: Any) -> bool:
    """A method by which a plain container of the tests takes in values, or an iterator of theirs gives one."""
    plain = type(method.__self__) in (list, set, dict, collections.deque, collections.Counter)
    return (plain and method.__name__ in ("append", "add", "extend", "update")) or method.__name__ == "__next__"


HOME = {"tests"}
"""The module names that test code runs under."""


def _callback_getattr(target: Any, name: Any) -> Any:
    _check_attribute(target, name)
    value = getattr(target, name)
    if isinstance(value, types.MethodType) and value.__self__ is not target:
        raise AttributeError(name)
    return value


def _callback_setattr(target: Any, name: Any, value: Any) -> None:
    _check_attribute(target, name)
    setattr(target, name, value)


def _check_attribute(target: Any, name: Any) -> None:
    """Only public attributes of instances of the tests' own classes."""
    if type(name) is not str or name.startswith("_") or type(target).__module__ not in HOME:
        raise AttributeError(name)
    if isinstance(target, type | types.FunctionType | types.MethodType):
        raise AttributeError(name)


def _callback_special(target: Any, name: Any, *arguments: Any) -> Any:
    if name not in _lendable(target):
        raise AttributeError(name)
    if name == "__call__":
        return target(*arguments)
    return getattr(type(target), name)(target, *arguments)


def _callback_list(target: Any) -> list[Any]:
    if "__iter__" not in _lendable(target):
        raise TypeError("not iterable")
    return list(target)


_ACTIONS: dict[str, Callable[..., Any]] = {
    "getattr": _callback_getattr,
    "setattr": _callback_setattr,
    "special": _callback_special,
    "list": _callback_list,
}
