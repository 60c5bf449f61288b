"""The command line's one grammar: `holdfast VERB [PATH …] [key=value …] [--json] [--debug] [--help]`.

Each verb is a module of this package with a docstring (first line: what it does; the rest: examples), a dataclass
`Options` (its keys; a field without default is required) and `run(paths, options, flags) -> exit code`. Verbs that
are Hydra apps set `HYDRA = True` and define `run_hydra(overrides, flags)` instead.
"""

import dataclasses
import types
import typing
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Union

from holdfast.errors import UsageError, suggestion, unknown


@dataclass(frozen=True, slots=True)
class Flags:
    """What every verb understands."""

    json: bool = False
    """Print one JSON object on stdout and nothing else there."""
    debug: bool = False
    """Let tracebacks through."""
    help: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """A command line taken apart."""

    paths: list[str]
    settings: dict[str, str]
    flags: Flags
    rest: list[str]
    """Dashed words that are not ours, in order (Hydra's)."""


def split(words: Sequence[str]) -> Words:
    """Take words apart. A word is `key=value` when an identifier (with dots) stands before its first `=`."""
    paths: list[str] = []
    settings: dict[str, str] = {}
    seen = set()
    rest: list[str] = []
    for word in words:
        key, equals, value = word.partition("=")
        if word in ("--json", "--debug", "--help", "-h"):
            seen.add({"-h": "help"}.get(word, word[2:]))
        elif word.startswith("-") and word != "-":
            rest.append(word)
        elif equals and key.replace(".", "_").replace("-", "_").isidentifier():
            if key in settings:
                raise UsageError(f"{key!r} is given twice: {settings[key]!r} and {value!r}")
            settings[key] = value
        else:
            paths.append(word)
    return Words(paths, settings, Flags(*(name in seen for name in ("json", "debug", "help"))), rest)


def bind(schema: type[Any], settings: dict[str, str], verb: str) -> Any:
    """An instance of the dataclass `schema` from `key=value` texts. Raises UsageError naming the nearest key.

    A schema with a field `extra: dict[str, str]` takes every other key there (a reward's own options).
    """
    hints = typing.get_type_hints(schema)
    known = {f.name: f for f in dataclasses.fields(schema)}
    takes_extra = "extra" in known
    values: dict[str, Any] = {"extra": {}} if takes_extra else {}
    for key, text in settings.items():
        if key in known and key != "extra":
            values[key] = parse_value(text, hints[key], f"{verb} {key}=")
        elif takes_extra:
            values["extra"][key] = text
        else:
            raise unknown(f"key of `holdfast {verb}`", key, known)
    for field in known.values():
        if field.name not in values and _required(field):
            raise UsageError(f"`holdfast {verb}` needs {field.name}=…")
    return schema(**values)


def parse_value(text: str, hint: Any, what: str) -> Any:
    """A typed value of a text: bool, int, float, str, Literal, list[…], X | None. Raises UsageError."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        if text in ("null", "none", "None") and type(None) in arguments:
            return None
        return parse_value(text, next(a for a in arguments if a is not type(None)), what)
    if origin is Literal:
        if text not in arguments:
            raise UsageError(f"{what} cannot be {text!r}{suggestion(text, map(str, arguments))}")
        return text
    if origin is list:
        inner = text.strip().removeprefix("[").removesuffix("]")
        return [parse_value(part.strip(), arguments[0], what) for part in inner.split(",") if part.strip()]
    return _plain_value(text, hint, what)


def plain(text: str) -> Any:
    """A YAML scalar of a text (`true`, `3`, `0.5`, `[a, b]`), for options whose type is the reward's affair."""
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text


def _plain_value(text: str, hint: Any, what: str) -> Any:
    if hint is bool:
        if text.lower() not in ("true", "false", "1", "0", "yes", "no"):
            raise UsageError(f"{what} must be true or false, not {text!r}")
        return text.lower() in ("true", "1", "yes")
    if hint in (int, float):
        try:
            return hint(text)
        except ValueError:
            kind = "a whole number" if hint is int else "a number"
            raise UsageError(f"{what} must be {kind}, not {text!r}") from None
    return text


def _required(field: "dataclasses.Field[Any]") -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
