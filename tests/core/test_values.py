"""One check of a value against an annotation, for options, keys, TRL's fields and policies."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest

from holdfast import UsageError, values

FITTING: list[tuple[Any, Any]] = [
    (True, bool),
    (3, int),
    (3, float),
    (0.5, float),
    ("a", Literal["a", "b"]),
    (0, Literal[0, 1]),
    (None, int | None),
    (["a"], Sequence[str]),
    (("a", "b"), list[str]),
    ({"a": 1}, Mapping[str, Any]),
    (len, Callable[..., int]),
    (5, Annotated[float, msgspec.Meta(ge=0, le=100)]),
    (object(), Any),
    ("runs/a", Path | None),
]
UNFITTING: list[tuple[Any, Any, str]] = [
    (1, bool, "expected true or false"),
    (True, int, "expected a whole number"),
    (True, float, "expected a number"),
    (1.5, int, "expected a whole number"),
    ("1", float, "expected a number"),
    ("aa", Literal["a", "b"], "did you mean 'a'"),
    ("aa", Literal["a", "b"] | None, "did you mean 'a'"),
    (2, Literal[0, 1], "available: 0, 1"),
    ("x", int | None, "a whole number or null"),
    ("abc", Sequence[str], "a list of text"),
    ([1], list[str], "a list of text"),
    (1, Path | None, "a path or null"),
    ([1], Mapping[str, Any], "a mapping"),
    (101, Annotated[float, msgspec.Meta(ge=0, le=100)], "a number from 0 to 100"),
    (-1, Annotated[int, msgspec.Meta(ge=0)], "a whole number of at least 0"),
]


@pytest.mark.parametrize(("value", "hint"), FITTING)
def test_what_fits_passes(value: Any, hint: Any) -> None:
    values.check("x", value, hint)


@pytest.mark.parametrize(("value", "hint", "expected"), UNFITTING)
def test_what_does_not_fit_is_refused_with_what_was_expected(value: Any, hint: Any, expected: str) -> None:
    with pytest.raises(UsageError, match="x cannot be") as refused:
        values.check("x", value, hint)
    assert expected in str(refused.value)


@pytest.mark.parametrize(
    ("text", "hint", "value"),
    [
        ("yes", bool, True),
        ("FALSE", bool, False),
        ("null", float | None, None),
        ("1e-3", float, 0.001),
        ("3", Literal[3, 4], 3),
        ("none", str, "none"),
        ("[1, 2]", list[int], [1, 2]),
        ("[]", list[str], []),
        ("runs/a", Path | None, Path("runs/a")),
        ("a", Literal["a", "b"] | None, "a"),
    ],
)
def test_a_text_becomes_a_typed_value(text: str, hint: Any, value: Any) -> None:
    parsed = values.parse(text, hint, "x")
    assert parsed == value and isinstance(parsed, type(value))


@pytest.mark.parametrize(
    ("text", "hint", "expected"),
    [
        ("1.5", int, "x must be a whole number, not '1.5'"),
        ("ja", bool, "x must be true or false"),
        ("[1, b]", list[int], "x must be a whole number, not 'b'"),
        ("aa", Literal["a", "b"], "did you mean 'a'"),
    ],
)
def test_a_text_that_is_no_value_is_named(text: str, hint: Any, expected: str) -> None:
    with pytest.raises(UsageError) as refused:
        values.parse(text, hint, "x")
    assert expected in str(refused.value)
