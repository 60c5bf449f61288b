"""The command line's one grammar: `holdfast VERB [PATH …] [key=value …] [FLAG …]`.

Each verb is a module of this package with a docstring (first line: what it does; the rest: examples), a dataclass
`Options` (its keys; a field without default is required) and `run(paths, options, flags) -> exit code`. Verbs that
are Hydra apps set `HYDRA = True` and define `run_hydra(overrides, flags)` instead.
"""

import dataclasses
import typing
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from holdfast import values
from holdfast.errors import OUTPUTS, UsageError, elsewhere, unknown

FLAGS = ("--json", "--debug", "--help", "-h", "--quiet", "-q", "--verbose", "-v")


def unknown_flag(word: str, is_key: Callable[[str], bool], *more: str) -> UsageError:
    """The error for a dashed word that is no flag: how a key is written, else the nearest of FLAGS and `more`."""
    name = word.lstrip("-").partition("=")[0].replace("-", "_")
    key = next((key for key in (name, *elsewhere(name)[:1], *OUTPUTS.get(name, ())) if is_key(key)), None)
    if key:
        return UsageError(f"unknown flag {word!r}: keys are written without dashes, {key}=…")
    return unknown("flag", word, (*more, *FLAGS))


@dataclass(frozen=True, slots=True)
class Flags:
    """What every verb understands."""

    json: bool = False
    """Print one JSON object on stdout and nothing else there."""
    debug: bool = False
    """Let tracebacks through."""
    help: bool = False
    quiet: bool = False
    """Warnings, errors and results alone."""
    verbose: bool = False
    """What the libraries below say, too."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """A command line taken apart."""

    paths: list[str]
    settings: dict[str, str]
    flags: Flags
    rest: list[str]
    """Dashed words that are not ours, in order (Hydra's)."""


def split(arguments: Sequence[str]) -> Arguments:
    """Take words apart. A word is `key=value` when an identifier (with dots) stands before its first `=`."""
    paths: list[str] = []
    settings: dict[str, str] = {}
    seen = set()
    rest: list[str] = []
    for word in arguments:
        key, equals, value = word.partition("=")
        if word in FLAGS:
            seen.add({"-h": "help", "-q": "quiet", "-v": "verbose"}.get(word, word[2:]))
        elif word.startswith("-") and word != "-":
            rest.append(word)
        elif equals and key.replace(".", "_").replace("-", "_").isidentifier():
            if key in settings:
                raise UsageError(f"{key!r} is given twice: {settings[key]!r} and {value!r}")
            settings[key] = value
        else:
            paths.append(word)
    return Arguments(paths, settings, Flags(**dict.fromkeys(seen, True)), rest)


def bind(schema: type[Any], settings: dict[str, str], verb: str) -> Any:
    """An instance of the dataclass `schema` from `key=value` texts. Raises UsageError naming the nearest key.

    A schema with a field `extra: dict[str, str]` takes every other key there (a reward's own options).
    """
    hints = typing.get_type_hints(schema)
    known = {f.name: f for f in dataclasses.fields(schema)}
    takes_extra = "extra" in known
    bound: dict[str, Any] = {"extra": {}} if takes_extra else {}
    for key, text in _columns(settings, known).items():
        if key in known and key != "extra":
            bound[key] = values.parse(values.home_filled(text), hints[key], f"{verb} {key}=")
        elif takes_extra:
            bound["extra"][key] = text
        else:
            raise unknown(f"key of `holdfast {verb}`", key, known)
    for field in known.values():
        if field.name not in bound and _required(field):
            raise UsageError(f"`holdfast {verb}` needs {field.name}=…")
    return schema(**bound)


def _columns(settings: dict[str, str], known: Collection[str]) -> dict[str, str]:
    """`columns.prompt=question` (as `holdfast train` has it behind `data.`) in every verb that reads columns: as its
    key `prompt`, or in its list `columns`."""
    found: dict[str, str] = {}
    pairs: list[str] = []
    for key, text in settings.items():
        ours = key.removeprefix("data.").removeprefix("columns.")
        if ours == key or not key.removeprefix("data.").startswith("columns."):
            found[key] = text
        elif "columns" in known:
            pairs.append(f"{ours}:{text}")
        elif ours in known:
            found[ours] = text
        else:
            raise unknown("column", ours, known)
    if pairs:
        given = found.get("columns", "").strip("[]")
        found["columns"] = f"[{','.join([given, *pairs] if given else pairs)}]"
    return found


def plain(text: str) -> Any:
    """A YAML scalar of a text (`true`, `3`, `0.5`, `[a, b]`), for options whose type is the reward's affair."""
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text


def _required(field: "dataclasses.Field[Any]") -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
