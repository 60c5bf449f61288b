"""Is what a program printed what it should have printed? Trusted code, run where no program can reach it.

Rules: `contest` (the default: like `lines`, without empty lines in front, and in a line of numbers the words count and
a decimal of the reference agrees within the tolerance), `lines` (equal line by line without white space at line ends
and empty lines at the end), `tokens` (the same words), `numbers` (words, numbers near, whole ones exactly),
`ignore_case`, `unordered` (the lines in any order), `exact`.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

RULES = ("contest", "lines", "tokens", "numbers", "ignore_case", "unordered", "exact")
_NUMBER = re.compile(
    r"[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,4})?|[+-]?(?:nan|inf)", re.ASCII | re.I
)
_WHOLE = re.compile(r"[+-]?\d{1,400}", re.ASCII)
_LEAST_RIGHT = 2**16


class Tolerance:
    """How far two decimals may differ: absolutely, or relative to the expected one."""

    def __init__(self, given: float | Mapping[str, float] | None = None) -> None:
        tolerance = 1e-6 if given is None else given
        self.absolute = float(tolerance.get("absolute", 0.0) if isinstance(tolerance, Mapping) else tolerance)
        self.relative = float(tolerance.get("relative", 0.0) if isinstance(tolerance, Mapping) else tolerance)

    def near(self, actual: float, expected: float) -> bool:
        """Within one of the two; never for what a float cannot hold."""
        if not (math.isfinite(actual) and math.isfinite(expected)):
            return False
        return abs(actual - expected) <= max(self.absolute, self.relative * abs(expected))


def same_output(stdout: str, expected: str, rule: str, tolerance: Any = None) -> bool:
    """Is the output (latin-1 text of its bytes) the expected one, by a rule of `RULES`?"""
    text = stdout.encode("latin-1").decode("utf-8", "replace")
    if rule == "exact":
        return text == expected
    allowed = Tolerance(tolerance)
    if rule == "ignore_case":
        text, expected = text.casefold(), expected.casefold()
    if rule in ("tokens", "numbers"):
        return _same_words(text.split(), expected.split(), allowed if rule == "numbers" else None)
    got, wanted = _lines(text), _lines(expected)
    if rule == "lines":
        return got == wanted
    got, wanted = _without_empty_start(got), _without_empty_start(wanted)
    if len(got) != len(wanted):
        return False
    if rule == "unordered":
        return sorted(map(_normal, got)) == sorted(map(_normal, wanted))
    return all(g == w or _same_numbers(g, w, allowed) for g, w in zip(got, wanted, strict=True))


def most_bytes(accepted: list[str]) -> int:
    """Bytes of output beyond which no rule can find it right: white space and digits are worth some."""
    return _LEAST_RIGHT + 8 * max((len(text) for text in accepted), default=0)


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().split("\n")]


def _without_empty_start(lines: list[str]) -> list[str]:
    return lines[next((i for i, line in enumerate(lines) if line), 0) :]


def _normal(line: str) -> str:
    return " ".join(line.split())


def _same_words(actual: list[str], expected: list[str], allowed: Tolerance | None) -> bool:
    if allowed is None or len(actual) != len(expected):
        return actual == expected
    return all(g == w or _near(g, w, allowed) for g, w in zip(actual, expected, strict=True))


def _same_numbers(actual: str, wanted: str, allowed: Tolerance) -> bool:
    """Two lines of numbers: the same count, the whole ones equal as text, a decimal of the reference near."""
    words, expected = actual.split(), wanted.split()
    if len(words) != len(expected) or not all(map(_NUMBER.fullmatch, expected)):
        return False
    return all(
        g == w or (not _WHOLE.fullmatch(w) and _near(g, w, allowed)) for g, w in zip(words, expected, strict=True)
    )


def _near(actual: str, expected: str, allowed: Tolerance) -> bool:
    if not _NUMBER.fullmatch(actual) or not _NUMBER.fullmatch(expected):
        return False
    if _WHOLE.fullmatch(actual) and _WHOLE.fullmatch(expected):
        return int(actual) == int(expected)
    return allowed.near(float(actual), float(expected))
