"""Reading one extracted answer: as mathematics, as a choice letter, as words."""

import re
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from holdfast.rewards.answers.names import FRACTION_WORDS, NUMBER_WORDS, SCALE_WORDS
from holdfast.rewards.math_answer.parse.clean import clean, tight, words_of
from holdfast.rewards.math_answer.parse.parse import parse
from holdfast.rewards.math_answer.parse.tree import MAX_CHARS, Node, Unreadable, num

_CHOICE = re.compile(
    r"\s*(?:(?:option|choice|answer) ?: ?|(?:option|choice|answer) )?[\s(\[]*([A-Za-z])[\s)\]]*[.:]?\s*", re.IGNORECASE
)
_CHOICE_NOISE = re.compile(r"\\(?:text|mathrm|mathbf)[a-z]*\s*|[{}*\"$]|\\[ ,]")
_LONGEST_CHOICE = 300
_PREFIXED = re.compile(r"\s*(?:option\s+|choice\s+)?(?:\(([A-J])\)|([A-J])[).:])\s*(\S.*)?", re.IGNORECASE | re.DOTALL)
_EMPTY = frozenset(
    {"no solution", "no solutions", "none", "empty set", "no real solution", "no real solutions", "no real roots"}
)
_UNDEFINED = frozenset({"dne", "does not exist", "undefined", "not defined"})
_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,14})")
_TIME = re.compile(r"\d{1,2}:\d{2}")
_CLOCK = re.compile(r"(\d{1,2}(?::\d{2})?)\s*([ap])\.?\s*m\.?", re.IGNORECASE)
_PLAIN_WORDS = re.compile(r"[a-z][a-z ,.'\-]*")
_AMBIGUOUS_COMMA = re.compile(r"[(\[{][^()\[\]{}]{0,200}?\d,\d{3}")


class Reading(NamedTuple):
    """An answer as read."""

    text: str
    key: str
    """Cleaned and without meaningless blanks: equal keys are equal answers."""
    words: str
    """As a text answer."""
    choice: str = ""
    """The letter, when it is written as a choice."""
    bracketed: bool = False
    node: Node | None = None
    problem: str = ""


@lru_cache(maxsize=4096)
def read(text: str, decimal_comma: bool = False, thousands: bool = True) -> Reading:
    """Read an answer; `node` is None when it is no mathematics, and `problem` says why."""
    if _INTEGER.fullmatch(text):
        return Reading(text, text, text, node=num(int(text)))
    if len(text) > 2 * MAX_CHARS:
        return Reading(text[:80], "", "", problem=f"more than {MAX_CHARS} characters")
    cleaned = clean(text, thousands=thousands, decimal_comma=decimal_comma)
    words = words_of(cleaned)
    choice, bracketed = _choice(text)
    reading = Reading(text, tight(cleaned), words, choice, bracketed)
    number = _in_words(words)
    if number is not None:
        return reading._replace(node=num(number))
    if words in _EMPTY:
        return reading._replace(node=Node("set"))
    if words in _UNDEFINED:
        return reading._replace(node=Node("sym", (), "undefined"))
    if words in ("all real numbers", "all reals", "all real x"):
        return reading._replace(node=Node("field", (), "R"))
    if _TIME.fullmatch(cleaned):
        return reading._replace(node=_clock(cleaned))
    clock = _CLOCK.fullmatch(words)
    if clock is not None:
        return reading._replace(node=_time(clock[1], clock[2]))
    try:
        return reading._replace(node=parse(cleaned))
    except Unreadable as problem:
        node = _after_colon(cleaned)
        return reading._replace(node=node, problem="" if node else str(problem))


def _after_colon(cleaned: str) -> Node | None:
    """`n < -7 or n > 8: (-∞, -7) ∪ (8, ∞)` says the same twice: the interval is read."""
    before, colon, after = cleaned.rpartition(":")
    if not colon or after.strip()[:1] not in ("(", "[") or not any(sign in before for sign in ("<", ">", "le", "ge")):
        return None
    try:
        return parse(after)
    except Unreadable:
        return None


def _time(digits: str, half: str) -> Node:
    """`2:00 pm` is the number 2 with a unit."""
    return Node("unit", (_clock(digits),), f"{half}m")


def _clock(digits: str) -> Node:
    """A time of day, which is also a ratio; a full hour is its number."""
    hours, _, minutes = digits.partition(":")
    if not minutes.strip("0"):
        return num(int(hours))
    return Node("ratio", (num(int(hours)), num(int(minutes))), "clock")


def comma_is_ambiguous(text: str) -> bool:
    """`(1,234)`: a point, or a number with a thousands separator?"""
    return _AMBIGUOUS_COMMA.search(text) is not None


def _choice(text: str) -> tuple[str, bool]:
    if len(text) > _LONGEST_CHOICE:
        return "", False
    bare = _CHOICE_NOISE.sub("", text)
    single = _CHOICE.fullmatch(bare)
    if single is not None:
        return single[1], not bare.strip().isalpha() or "text" in text
    prefixed = _PREFIXED.fullmatch(bare)
    if prefixed is not None and prefixed[3]:
        return (prefixed[1] or prefixed[2]).upper(), True
    return "", False


def without_choice(text: str) -> str:
    """What stands after a choice letter, or the text itself."""
    prefixed = _PREFIXED.fullmatch(text)
    return prefixed[3] if prefixed is not None and prefixed[3] else text


def _in_words(words: str) -> Fraction | None:
    """`seventy-two`, `one half`, `two hundred and five`."""
    if not _PLAIN_WORDS.fullmatch(words) or len(words) > 80:
        return None
    parts = [part for part in re.split(r"[ \-]+", words) if part not in ("and", "a")]
    if not parts:
        return None
    if len(parts) > 1 and parts[-1] in FRACTION_WORDS:
        above = _whole(parts[:-1])
        return None if above is None else Fraction(above, FRACTION_WORDS[parts[-1]])
    if parts[-1] in ("half",) and len(parts) == 1:
        return Fraction(1, 2)
    whole = _whole(parts)
    return None if whole is None else Fraction(whole)


def _whole(parts: list[str]) -> int | None:
    total = current = 0
    for part in parts:
        if part in NUMBER_WORDS:
            current += NUMBER_WORDS[part]
        elif part == "hundred":
            current = max(current, 1) * 100
        elif part in SCALE_WORDS:
            total, current = total + max(current, 1) * SCALE_WORDS[part], 0
        else:
            return None
    return total + current
