"""The conventions of a comparison, and what it says."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from holdfast.rewards.answers.places import Require, Which
from holdfast.rewards.answers.text import Stop

Percent = Literal["reference", "always", "never"]
Units = Literal["ignore", "strict"]
Order = Literal["convention", "any", "strict"]
Boxes = Literal["hedge", "last"]
Brackets = Literal["convention", "ignore"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Every convention by name; the defaults are the documented ones."""

    tolerance: float = 1e-6
    """Relative, for decimals only."""
    percent: Percent = "reference"
    """Where 28% equals 0.28: when the reference carries the sign, always, never."""
    units: Units = "ignore"
    order: Order = "convention"
    decimal_comma: bool = False
    boxes: Boxes = "hedge"
    require: Require = "any"
    which: Which = "last"
    stop: Stop = "question"
    brackets: Brackets = "convention"
    """Whether a matrix, a point, a set and a list of the same parts are one answer."""


class Equality(NamedTuple):
    """Equal or not, and the test that decided."""

    equal: bool
    test: str
    limited: bool = False
    """A limit was reached before the question was settled."""
