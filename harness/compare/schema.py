"""The JSON form of a tree of dataclasses: written, read back and described by one walk over the types of its fields."""

import dataclasses
import types
import typing
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal, Union

from holdfast import values
from holdfast.errors import DataError

_SCALARS: dict[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def to_json(value: Any) -> Any:
    """Plain JSON values of a dataclass tree; an infinite bound or a NaN becomes null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): to_json(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(inner) for inner in value]
    if isinstance(value, float):
        return value if value - value == 0 else None
    return value if isinstance(value, str | int | bool | None) else str(value)


def from_json(kind: Any, record: Mapping[str, Any], schema: int) -> Any:
    """A dataclass of its JSON form, `schema` being the version read here. Raises DataError naming what does not fit."""
    name = kind.__name__.lower()
    if record.get("schema") != schema:
        raise DataError(f"a {name} of schema {record.get('schema')!r}; this version reads {schema}")
    return _read(kind, record, name)


def json_schema(kind: Any, schema: int) -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of a dataclass, `schema` being its version."""
    definitions: dict[str, Any] = {}
    _describe(kind, definitions)
    name = kind.__name__
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:holdfast:{name.lower()}:{schema}",
        "title": f"Holdfast {name.lower()}, schema {schema}",
        "$ref": f"#/$defs/{name}",
        "$defs": dict(sorted(definitions.items())),
    }


def _describe(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return {}
    if hint in _SCALARS:
        return {"type": _SCALARS[hint]}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_describe(inner, definitions) for inner in arguments]}
    if origin is not None and issubclass(origin, Mapping):
        return {"type": "object"}
    if origin is not None:
        return {"type": "array", "items": _describe(arguments[0], definitions)}
    if issubclass(hint, StrEnum):
        return {"enum": [str(member) for member in hint]}
    return _describe_class(hint, definitions)


def _describe_class(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if kind.__name__ not in definitions:
        definitions[kind.__name__] = {}
        hints = typing.get_type_hints(kind)
        definitions[kind.__name__] = {
            "type": "object",
            "description": (kind.__doc__ or "").partition("\n")[0],
            "properties": {f.name: _describe(hints[f.name], definitions) for f in dataclasses.fields(kind)},
            "required": [f.name for f in dataclasses.fields(kind)],
            "additionalProperties": False,
        }
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _read(hint: Any, value: Any, where: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _read_class(hint, value, where)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _read_enum(hint, value, where)
    if origin is tuple and isinstance(value, list):
        return tuple(_read(arguments[0], inner, f"{where}[{i}]") for i, inner in enumerate(value))
    if origin in (Union, types.UnionType):
        inner = next((a for a in arguments if dataclasses.is_dataclass(a)), None)
        return value if value is None or inner is None else _read(inner, value, where)
    if hint is float and value is None:
        return float("nan")
    if not values.fits(value, hint):
        raise DataError(f"{where} must be {values.in_words(hint)}, not {value!r:.80}")
    return float(value) if hint is float else value


def _read_enum(kind: type[StrEnum], value: Any, where: str) -> StrEnum:
    if not values.fits(value, kind):
        raise DataError(f"{where} cannot be {value!r}; one of {', '.join(kind)}")
    return kind(value)


def _read_class(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, Mapping):
        raise DataError(f"{where} must be an object, not {value!r:.80}")
    hints = typing.get_type_hints(kind)
    unknown = sorted(set(value) - set(hints))
    if unknown:
        raise DataError(f"{where} has an unknown field {unknown[0]!r}")
    try:
        return kind(**{name: _read(hints[name], inner, f"{where}.{name}") for name, inner in value.items()})
    except TypeError as error:
        raise DataError(f"{where}: {error}") from error
