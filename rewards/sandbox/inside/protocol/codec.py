"""Values of exact built-in types as JSON: what may cross between the candidate and the judge, and nothing else.

Text, float, bool, None and small int are themselves; everything else is a list `[tag, …]`. There is no pickle, no
`repr`, and decoding calls no code but constructors of the types listed here. A value of another type is handed to
`export`, which answers with a handle (`["o", …]` or `["j", …]`) that `resolve` understands on the other side.
"""

import datetime
import decimal
import fractions
import pathlib
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from typing import Any

MAX_DEPTH = 150
_SMALL = 2**63

TYPES: dict[str, type] = {
    kind.__name__: kind
    for kind in (int, float, complex, bool, str, bytes, bytearray, list, tuple, dict, set, frozenset, range)
    + (type(None), object, type, deque, Counter, OrderedDict, defaultdict, decimal.Decimal, fractions.Fraction)
}
"""Classes that cross by name."""
_TYPE_NAMES = {kind: name for name, kind in TYPES.items()}

Export = Callable[[Any, int], Any]
Resolve = Callable[[list[Any]], Any]


class CodecError(Exception):
    """A value that cannot cross: of another type, too deep, or malformed."""


def refuse(value: Any, _depth: int = 0) -> Any:
    """An `export` for places where only plain data may cross."""
    raise CodecError(f"a value of type {type(value).__name__} cannot cross")


def refuse_handle(data: list[Any]) -> Any:
    """A `resolve` for places where only plain data may cross."""
    raise CodecError(f"unknown tag {data[0]!r:.20}")


def encode(value: Any, export: Export = refuse, depth: int = 0) -> Any:
    """JSON data of a value. Raises CodecError."""
    kind = type(value)
    if kind is str or kind is float or kind is bool or value is None:
        return value
    if kind is int:
        return value if -_SMALL < value < _SMALL else ["i", hex(value)]
    if depth > MAX_DEPTH:
        raise CodecError(f"a value is nested deeper than {MAX_DEPTH}")
    pack = _PACK.get(kind)
    return export(value, depth) if pack is None else pack(value, export, depth + 1)


def decode(data: Any, resolve: Resolve = refuse_handle) -> Any:
    """The value of JSON data, whoever wrote it. Raises CodecError for anything malformed."""
    try:
        return _decode(data, resolve, 0)
    except (TypeError, ValueError, LookupError, ArithmeticError, RecursionError, AttributeError) as error:
        raise CodecError(f"malformed value: {type(error).__name__}") from None


def _decode(data: Any, resolve: Resolve, depth: int) -> Any:
    if type(data) is not list:
        if type(data) is dict:
            raise CodecError("malformed value")
        return data
    if depth > MAX_DEPTH:
        raise CodecError(f"a value is nested deeper than {MAX_DEPTH}")
    unpack = _UNPACK.get(data[0])
    return resolve(data) if unpack is None else unpack(data, resolve, depth + 1)


def _pack_items(items: Iterable[Any], export: Export, depth: int) -> list[Any]:
    known = list(items)
    kinds = set(map(type, known))
    if kinds <= _ATOMS or (kinds == {int} and min(known) > -_SMALL and max(known) < _SMALL):
        return known
    return [encode(item, export, depth) for item in known]


def _items(data: Any, resolve: Resolve, depth: int) -> list[Any]:
    if type(data) is not list:
        raise CodecError("malformed value")
    if set(map(type, data)) <= _SCALARS:
        return data
    return [_decode(item, resolve, depth) for item in data]


def _pack_pairs(tag: str) -> Callable[[Any, Export, int], list[Any]]:
    def pack(value: Any, export: Export, depth: int) -> list[Any]:
        return [tag, _pack_items(value.keys(), export, depth), _pack_items(value.values(), export, depth)]

    return pack


def _unpack_pairs(kind: Callable[[], Any]) -> Callable[[list[Any], Resolve, int], Any]:
    def unpack(data: list[Any], resolve: Resolve, depth: int) -> Any:
        _, keys, values = data
        made = kind()
        for key, value in zip(_items(keys, resolve, depth), _items(values, resolve, depth), strict=True):
            made[key] = value
        return made

    return unpack


def _pack_list(tag: str) -> Callable[[Any, Export, int], list[Any]]:
    return lambda value, export, depth: [tag, _pack_items(value, export, depth)]


def _unpack_list(kind: Callable[[list[Any]], Any]) -> Callable[[list[Any], Resolve, int], Any]:
    return lambda data, resolve, depth: kind(_items(data[1], resolve, depth))


def _pack_default(value: Any, export: Export, depth: int) -> list[Any]:
    factory = _TYPE_NAMES.get(value.default_factory)
    return ["f", factory, *_pack_pairs("d")(value, export, depth)[1:]]


def _unpack_default(data: list[Any], resolve: Resolve, depth: int) -> Any:
    _, name, keys, values = data
    made: defaultdict[Any, Any] = defaultdict(None if name is None else TYPES[name])
    made.update(_unpack_pairs(dict)(["d", keys, values], resolve, depth))
    return made


def _pack_type(value: type, export: Export, depth: int) -> Any:
    name = _TYPE_NAMES.get(value)
    return export(value, depth) if name is None else ["T", name]


def _delta(value: datetime.timedelta) -> list[Any]:
    return ["dd", value.days, value.seconds, value.microseconds]


_ATOMS = {str, float, bool, type(None)}
_SCALARS = _ATOMS | {int}
_PACK: dict[type, Callable[[Any, Export, int], Any]] = {
    list: _pack_list("l"),
    tuple: _pack_list("t"),
    set: _pack_list("s"),
    frozenset: _pack_list("z"),
    dict: _pack_pairs("d"),
    OrderedDict: _pack_pairs("O"),
    Counter: _pack_pairs("C"),
    defaultdict: _pack_default,
    deque: lambda v, export, depth: ["q", _pack_items(v, export, depth), v.maxlen],
    bytes: lambda v, export, depth: ["b", v.decode("latin-1")],
    bytearray: lambda v, export, depth: ["B", v.decode("latin-1")],
    complex: lambda v, export, depth: ["c", v.real, v.imag],
    slice: lambda v, export, depth: ["sl", *(encode(part) for part in (v.start, v.stop, v.step))],
    range: lambda v, export, depth: ["r", *(encode(part) for part in (v.start, v.stop, v.step))],
    type(...): lambda v, export, depth: ["e"],
    type: _pack_type,
    decimal.Decimal: lambda v, export, depth: ["D", str(v)],
    fractions.Fraction: lambda v, export, depth: ["Q", hex(v.numerator), hex(v.denominator)],
    datetime.date: lambda v, export, depth: ["dx", v.isoformat()],
    datetime.datetime: lambda v, export, depth: ["dt", v.isoformat()] if v.tzinfo is None else export(v, depth),
    datetime.time: lambda v, export, depth: ["dh", v.isoformat()] if v.tzinfo is None else export(v, depth),
    datetime.timedelta: lambda v, export, depth: _delta(v),
    pathlib.PosixPath: lambda v, export, depth: ["P", str(v)],
}
_UNPACK: dict[Any, Callable[[list[Any], Resolve, int], Any]] = {
    "i": lambda data, resolve, depth: int(data[1], 16),
    "l": _unpack_list(list),
    "t": _unpack_list(tuple),
    "s": _unpack_list(set),
    "z": _unpack_list(frozenset),
    "d": _unpack_pairs(dict),
    "O": _unpack_pairs(OrderedDict),
    "C": _unpack_pairs(Counter),
    "f": _unpack_default,
    "q": lambda data, resolve, depth: deque(_items(data[1], resolve, depth), data[2]),
    "b": lambda data, resolve, depth: data[1].encode("latin-1"),
    "B": lambda data, resolve, depth: bytearray(data[1].encode("latin-1")),
    "c": lambda data, resolve, depth: complex(float(data[1]), float(data[2])),
    "sl": lambda data, resolve, depth: slice(*(_decode(part, refuse_handle, depth) for part in data[1:4])),
    "r": lambda data, resolve, depth: range(*(_decode(part, refuse_handle, depth) for part in data[1:4])),
    "e": lambda data, resolve, depth: ...,
    "T": lambda data, resolve, depth: TYPES[data[1]],
    "D": lambda data, resolve, depth: decimal.Decimal(data[1]),
    "Q": lambda data, resolve, depth: fractions.Fraction(int(data[1], 16), int(data[2], 16)),
    "dx": lambda data, resolve, depth: datetime.date.fromisoformat(data[1]),
    "dt": lambda data, resolve, depth: datetime.datetime.fromisoformat(data[1]),
    "dh": lambda data, resolve, depth: datetime.time.fromisoformat(data[1]),
    "P": lambda data, resolve, depth: pathlib.PosixPath(data[1]),
    "dd": lambda data, resolve, depth: datetime.timedelta(*data[1:4]),
}


def assign(old: Any, new: Any) -> Any:
    """Give the mutable `old` the content of `new`, in place and recursively; returns `old`, or `new` where the
    types differ or nothing can be changed in place."""
    kind = type(old)
    if kind is not type(new):
        return new
    if kind is list:
        old[:] = [assign(old[i], item) if i < len(old) else item for i, item in enumerate(new)]
    elif kind in (dict, OrderedDict, Counter, defaultdict):
        merged = [(key, assign(old[key], value) if key in old else value) for key, value in new.items()]
        old.clear()
        for key, value in merged:
            old[key] = value
    elif kind is set:
        old.clear()
        old.update(new)
    elif kind is deque:
        old.clear()
        old.extend(new)
    elif kind is bytearray:
        old[:] = new
    elif kind is tuple and len(old) == len(new):
        return tuple(map(assign, old, new))
    else:
        return new
    return old
