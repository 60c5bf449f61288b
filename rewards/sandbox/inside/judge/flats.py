"""Instances of the program's subclasses of built-in types: the plain value under them, and a handle for the rest.

The plain value is the judge's own, so comparing it asks nobody; what a plain value lacks (a method, a named field) is
asked of the candidate's object. Fields of a named tuple are plain values here, too.
"""

import collections
import keyword
from typing import Any

_BASES: tuple[type, ...] = (str, bytes, int, float, tuple, list, dict, set, frozenset)
_MAX_FIELDS = 200


class Flat:
    """What the judge's plain values with a handle have in common."""

    _holdfast_client: Any
    _holdfast_handle: list[Any]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._holdfast_client.ask("getattr", self, name)


_CLASSES = {base: type(f"Flat{base.__name__.title()}", (Flat, base), {}) for base in _BASES}


def make_flat(client: Any, handle: Any, value: Any) -> Any:
    """The plain value with its handle; just the value where its type is none that can have one."""
    kind = _CLASSES.get(type(value))
    if kind is None or not _is_handle(handle):
        return value
    return _with_handle(kind(value), client, handle)


def make_named(client: Any, handle: Any, name: Any, fields: Any, items: Any) -> Any:
    """A named tuple of the judge's own; a plain tuple where the names are not those of fields."""
    if type(items) is not tuple or not _is_handle(handle) or not _are_fields(fields, len(items)):
        return items
    title = name if _is_name(name) else "Row"
    base: type = collections.namedtuple(title, fields)  # type: ignore[misc]
    return _with_handle(type(title, (Flat, base), {})(*items), client, handle)


def _with_handle(value: Any, client: Any, handle: list[Any]) -> Any:
    value._holdfast_client, value._holdfast_handle = client, handle
    return value


def _is_handle(handle: Any) -> bool:
    return type(handle) is list and len(handle) == 5 and handle[0] == "o" and type(handle[1]) is int


def _are_fields(fields: Any, count: int) -> bool:
    if type(fields) is not list or len(fields) != count or count > _MAX_FIELDS or len(set(map(str, fields))) != count:
        return False
    return all(map(_is_name, fields))


def _is_name(name: Any) -> bool:
    return type(name) is str and name.isidentifier() and not keyword.iskeyword(name) and name[:1] != "_"
