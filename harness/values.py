"""A value checked against an annotation: options of rewards, keys of the command line, fields of TRL, policies."""

import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Union

from holdfast.errors import UsageError, suggestion

_KINDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    type(None): "null",
    Path: "a path",
}
_TRUE, _FALSE = ("true", "1", "yes"), ("false", "0", "no")


def fits(value: Any, hint: Any) -> bool:
    """Whether `value` is of the annotation's type; a whole number is a number, true and false are not numbers.

    Annotations that msgspec does not know (functions, arrays, two classes in one union) are left to their owner: True.
    """
    import msgspec

    try:
        msgspec.convert(value, hint, dec_hook=_path)
    except msgspec.ValidationError:
        return False
    except TypeError:
        return True
    return True


def check(what: str, value: Any, hint: Any) -> None:
    """Raise UsageError where `value` does not fit the annotation; names the nearest of a closed set of choices."""
    if not fits(value, hint):
        raise UsageError(f"{what} cannot be {value!r}{_nearest(value, hint) or f' (expected {in_words(hint)})'}")


def parse(text: str, hint: Any, what: str) -> Any:
    """The typed value of a text: bool, int, float, str, Literal, list[…], or one of these or None. Raises UsageError.

    Lists are written `a,b` or `[a, b]`, None as `null` or `none`.
    """
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        if text in ("null", "none", "None") and type(None) in arguments:
            return None
        return parse(text, next(a for a in arguments if a is not type(None)), what)
    if origin is list:
        inner = text.strip().removeprefix("[").removesuffix("]")
        return [parse(part.strip(), arguments[0], what) for part in inner.split(",") if part.strip()]
    if hint is bool and text.lower() in (*_TRUE, *_FALSE):
        return text.lower() in _TRUE
    return _converted(text, hint, what)


def home_filled(text: str) -> str:
    """`~/x` as a path in the home folder: behind `key=` not every shell replaces it."""
    return str(Path(text).expanduser()) if text.partition("/")[0] == "~" else text


def in_words(hint: Any) -> str:
    """What an annotation allows, for an error text: `a whole number`, `a list of text`, `a number or null`."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return in_words(arguments[0]) + "".join(map(_bounds, arguments[1:]))
    if origin is Literal:
        return "one of " + ", ".join(map(str, arguments))
    if origin in (Union, types.UnionType):
        return " or ".join(map(in_words, arguments))
    kind = origin or hint
    if isinstance(kind, type) and issubclass(kind, Mapping):
        return "a mapping"
    if isinstance(kind, type) and issubclass(kind, Sequence) and kind is not str:
        return f"a list of {in_words(arguments[0])}" if arguments else "a list"
    return _KINDS.get(hint) or str(getattr(hint, "__name__", hint))


def _converted(text: str, hint: Any, what: str) -> Any:
    import msgspec

    try:
        return msgspec.convert(text, hint, strict=False, dec_hook=_path)
    except msgspec.ValidationError:
        nearest = _nearest(text, hint)
        problem = f"cannot be {text!r}{nearest}" if nearest else f"must be {in_words(hint)}, not {text!r}"
        raise UsageError(f"{what} {problem}") from None
    except TypeError:
        return text


def _path(kind: type[Any], value: Any) -> Any:
    """A path is written as text; every other class is left as it is, for msgspec to judge."""
    return Path(value) if kind is Path and isinstance(value, str) else value


def _nearest(value: Any, hint: Any) -> str:
    """The choices of an annotation and the nearest of them; empty where it holds no closed set."""
    kinds = typing.get_args(hint) if typing.get_origin(hint) in (Union, types.UnionType) else (hint,)
    choices = [str(c) for kind in kinds if typing.get_origin(kind) is Literal for c in typing.get_args(kind)]
    return suggestion(str(value), choices) if choices else ""


def _bounds(bounds: Any) -> str:
    low, high, above = (getattr(bounds, name, None) for name in ("ge", "le", "gt"))
    if above is not None:
        return f" above {above:g}"
    if low is not None and high is not None:
        return f" from {low:g} to {high:g}"
    return f" of at least {low:g}" if low is not None else f" of at most {high:g}" if high is not None else ""
