"""What the judge sees of the candidate's objects: proxies that ask, and never hand over an expected value.

A comparison of a proxy with a plain value is decided here (they differ): the candidate is not asked, because the
question would tell it the answer. Comparing two proxies, or arithmetic of a proxy and a plain value, would leave
the verdict to the candidate: refused unless the client allows partial isolation, which then is marked.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from ..candidate.candidate import exception_class
from .flats import Flat

T = TypeVar("T")


class CandidateExitError(SystemExit):
    """The program raised SystemExit, KeyboardInterrupt or the like: as in Python, no `except Exception` catches it."""


class PartialIsolationError(TypeError):
    """The test needs what would let the candidate decide its own verdict."""


class Proxy:
    """One object of the candidate."""

    __slots__ = ("__weakref__", "_holdfast_client", "_holdfast_handle")

    def __init__(self, client: Any, handle: list[Any]) -> None:
        object.__setattr__(self, "_holdfast_client", client)
        object.__setattr__(self, "_holdfast_handle", handle)

    def _ask(self, operation: str, *arguments: Any, **keywords: Any) -> Any:
        return object.__getattribute__(self, "_holdfast_client").ask(operation, self, *arguments, **keywords)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in ("__name__", "__doc__", "__dict__"):
            raise AttributeError(name)
        return self._ask("getattr", name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._ask("setattr", name, value)

    def __delattr__(self, name: str) -> None:
        self._ask("delattr", name)

    def __getitem__(self, key: Any) -> Any:
        return self._ask("getitem", key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._ask("setitem", key, value)

    def __delitem__(self, key: Any) -> None:
        self._ask("delitem", key)

    def __bool__(self) -> bool:
        return self._ask("bool") is True

    def __len__(self) -> int:
        return self._typed("len", int)

    def __str__(self) -> str:
        return self._typed("str", str)

    def __repr__(self) -> str:
        return self._typed("repr", str)

    def __format__(self, spec: str) -> str:
        return self._typed("format", str, spec)

    def __int__(self) -> int:
        return self._typed("int", int)

    def __index__(self) -> int:
        return self._typed("index", int)

    def __float__(self) -> float:
        return self._typed("float", float)

    def __abs__(self) -> Any:
        return self._ask("abs")

    def __neg__(self) -> Any:
        return self._ask("neg")

    def __enter__(self) -> Any:
        return self._ask("enter")

    def __exit__(self, *_: object) -> None:
        self._ask("exit")

    def __iter__(self) -> Iterator[Any]:
        found = self._ask("iter")
        if not isinstance(found, Proxy):
            raise TypeError("not iterable")
        while True:
            try:
                item = found._ask("next")
            except StopIteration:
                return
            yield item

    def __next__(self) -> Any:
        return self._ask("next")

    def __contains__(self, value: Any) -> bool:
        return any(item is value or item == value for item in self)

    def __hash__(self) -> int:
        return hash(object.__getattribute__(self, "_holdfast_handle")[1])

    def __eq__(self, other: object) -> bool:
        object.__getattribute__(self, "_holdfast_client").questions += 1
        if not isinstance(other, Proxy):
            return False
        return _number(self) == _number(other) or self._compare("eq", other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __lt__(self, other: Any) -> Any:
        return self._ordered("lt", other)

    def __le__(self, other: Any) -> Any:
        return self._ordered("le", other)

    def __gt__(self, other: Any) -> Any:
        return self._ordered("gt", other)

    def __ge__(self, other: Any) -> Any:
        return self._ordered("ge", other)

    def _typed(self, operation: str, kind: type[T], *arguments: Any) -> T:
        answer = self._ask(operation, *arguments)
        if type(answer) is not kind:
            raise TypeError(f"{operation} must give {kind.__name__}")
        return answer

    def _compare(self, operation: str, other: "Proxy") -> bool:
        _allow_partial(self, f"comparing two objects of the program ({operation})")
        return self._ask(operation, other) is True

    def _ordered(self, operation: str, other: Any) -> Any:
        return self._compare(operation, other) if isinstance(other, Proxy) else NotImplemented

    def _arithmetic(self, operation: str, other: Any) -> Any:
        if not isinstance(other, Proxy):
            _allow_partial(self, f"arithmetic with an object of the program ({operation})")
        return self._ask(operation, other)


def _allow_partial(proxy: Proxy, what: str) -> None:
    client = object.__getattribute__(proxy, "_holdfast_client")
    if not client.allow_partial:
        raise PartialIsolationError(f"{what} needs partial isolation")
    client.partial = True


def _operator(name: str) -> Callable[[Proxy, Any], Any]:
    def method(self: Proxy, other: Any) -> Any:
        return self._arithmetic(name, other)

    return method


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "matmul", "and", "or", "xor", "pow"):
    setattr(Proxy, f"__{_name}__", _operator(_name + "_" if _name in ("and", "or") else _name))


class CallableProxy(Proxy):
    """A function, bound method or callable object of the candidate."""

    __slots__ = ()

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call the candidate's object in its own process."""
        client = object.__getattribute__(self, "_holdfast_client")
        result = client.ask("call", self, *arguments, **keywords)
        client.last = result
        return result


class ClassProxy(CallableProxy):
    """A class of the candidate."""

    __slots__ = ()

    def __instancecheck__(self, value: object) -> bool:
        client = object.__getattribute__(self, "_holdfast_client")
        return isinstance(value, Proxy | Flat) and client.ask("isinstance", value, self) is True


def _doc(proxy: Proxy) -> Any:
    return proxy._ask("getattr", "__doc__")


for _kind in (Proxy, CallableProxy, ClassProxy):
    _kind.__doc__ = property(_doc)  # type: ignore[assignment] # an object's docstring is the program's


def make_proxy(client: Any, handle: list[Any]) -> Any:
    """The proxy for a handle; an exception class of the candidate becomes a local one of the same builtin base."""
    kind = handle[2]
    if kind == "exception":
        return _exception_class(client, handle)
    if kind == "class":
        return ClassProxy(client, handle)
    if kind == "coroutine":
        return _awaited(client, Proxy(client, handle))
    return CallableProxy(client, handle) if kind == "function" else Proxy(client, handle)


async def _awaited(client: Any, coroutine: Proxy) -> Any:
    """Stands for a coroutine of the candidate, which runs it to its end when it is awaited here."""
    return client.ask("await", coroutine)


def proxy_exception(kind: type[BaseException], text: str, instance: Any = None) -> BaseException:
    """An exception of a class, made without its constructor (some need more than a text); what else the program's own
    `instance` has is asked of it."""
    made = kind.__new__(kind)
    made.args = (text,)
    if isinstance(instance, Proxy):
        made._holdfast_value = instance  # type: ignore[attr-defined]
    if isinstance(made, SyntaxError):
        made.msg = text
    return made


def _attribute(error: BaseException, name: str) -> Any:
    if name.startswith("_") or "_holdfast_value" not in error.__dict__:
        raise AttributeError(name)
    return getattr(error.__dict__["_holdfast_value"], name)


_OF_EXCEPTION = {"__getattr__": _attribute}


def _exception_class(client: Any, handle: list[Any]) -> type[BaseException]:
    known: dict[int, type[BaseException]] = client.classes
    if handle[1] not in known:
        base: type[BaseException] = exception_class(handle[4])
        parent = handle[5] if len(handle) > 5 else None
        if type(parent) is list and parent[0] == "o" and parent[2] == "exception" and type(parent[1]) is int:
            base = _exception_class(client, parent)
        elif handle[4] in ("BaseException", "SystemExit", "KeyboardInterrupt", "GeneratorExit"):
            base = CandidateExitError  # as in Python, no `except Exception` catches it
        if issubclass(base, StopIteration | StopAsyncIteration):
            base = RuntimeError
        own = {"_holdfast_handle": handle, "_holdfast_client": client}
        known[handle[1]] = type(str(handle[3])[:100], (base,), _OF_EXCEPTION | own)
    return known[handle[1]]


def _number(value: Proxy) -> int:
    number: int = object.__getattribute__(value, "_holdfast_handle")[1]
    return number
