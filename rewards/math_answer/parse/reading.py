"""Reading one extracted answer: as mathematics, as a choice letter, as words."""

import re
from functools import lru_cache
from typing import NamedTuple

from holdfast.rewards.answers.numerals.spelled import in_words, spelled_number
from holdfast.rewards.answers.statements import extreme_value
from holdfast.rewards.answers.words.names import (
    CONSTANTS,
    DEGREE_WORDS,
    FUNCTIONS,
    NUMBER_WORDS,
    PERCENT_WORDS,
    SCALE_WORDS,
    SEPARATING_WORDS,
    UNITS,
)
from holdfast.rewards.math_answer.parse.clean import clean, tight, words_of
from holdfast.rewards.math_answer.parse.notations import rewritten
from holdfast.rewards.math_answer.parse.parse import parse
from holdfast.rewards.math_answer.parse.qualifiers import unqualified
from holdfast.rewards.math_answer.parse.tree import INF, MAX_CHARS, Node, UnreadableError, neg, num
from holdfast.rewards.math_answer.parse.wordings import day, reworded

_CHOICE = re.compile(
    r"\s*(?:(?:option|choice|answer) ?: ?|(?:option|choice|answer) )?[\s(\[]*([A-Za-z])[\s)\]]*[.:]?\s*", re.IGNORECASE
)
_CHOICE_NOISE = re.compile(r"\\(?:text|mathrm|mathbf)[a-z]*\s*|[{}*\"$]|\\[ ,]")
_LONGEST_CHOICE = 300
_PREFIXED = re.compile(r"\s*(?:option\s+|choice\s+)?(?:\(([A-J])\)|([A-J])[).:])\s*(\S.*)?", re.IGNORECASE | re.DOTALL)
_EMPTY = frozenset(
    {"no solution", "no solutions", "none", "empty set", "no real solution", "no real solutions", "no real roots"}
)
_NO_SOLUTION = re.compile(
    r"(?:there (?:is|are|exists?) |has |have )?no (?:such )?(?:real |integer |positive |rational |complex |valid )*"
    r"(?:solutions?|roots?|numbers?|values?|answers?)(?: (?:exists?|to .{1,40}))?|(?:the )?(?:empty|null) set"
)
_LABEL = re.compile(
    r"\s*(?:\\(?:text(?:bf|rm|it)?|math(?:bf|rm|sf)|mbox)\s*\{\s*(?:(?:option|choice|answer)\s*)?"
    r"(?:\(\s*([A-J])\s*\)|([A-J])\s*[.:)])\s*:?\s*\}|\\(?:text(?:bf|rm)?|math(?:bf|rm))\s*\{\s*(?:option|choice)\s+\(?([A-J])\)?"
    r"\s*[:.]?\s*\})(?:\s|\\[ ,;:!]|\\q?quad|~|:)*",
    re.IGNORECASE,
)
_PLAIN_LABEL = re.compile(r"\s*(?:\(([A-J])\)\s*|([A-J])[.:)]\s+)(?=[-+$\\\d.])")
_END_OF_PROOF = re.compile(
    r"(?:\\[ ,;:!]|\\q?quad(?![a-z])|\s)*(?:\\(?:blacksquare|square|Box|qed)(?![a-z])|[∎□■])\s*$"
)
_ENDS_OF_PROOF = ("square", "Box", "qed", "∎", "□", "■")
_UNDEFINED = frozenset({"dne", "does not exist", "undefined", "not defined"})
_INFINITE = {"infinity": False, "positive infinity": False, "negative infinity": True, "minus infinity": True}
_EXTREMUM = re.compile(r"\\?\b(?:min|max)(?:ima|imum)?\b.{0,20}\bat\b")
_PLAIN_TEXT = re.compile(r"[A-Za-z]+(?:[ '\-]+[A-Za-z]+)+")
_MEANING = frozenset(
    [*FUNCTIONS, *CONSTANTS, *UNITS, *NUMBER_WORDS, *SCALE_WORDS, *SEPARATING_WORDS, *DEGREE_WORDS, *PERCENT_WORDS]
    + "mod modulo in not but between except than to by from for all any every real integers base".split()
) - {"second", "units", "unit", "day", "days", "points", "bar", "square", "pound"}
"""Words that may say something about quantities."""
_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,14})")
_TIME = re.compile(r"\d{1,2}:\d{2}")
_CLOCK = re.compile(r"(\d{1,2}(?::\d{2})?)\s*([ap])\.?\s*m\.?", re.IGNORECASE)
_AMBIGUOUS_COMMA = re.compile(r"[(\[{][^()\[\]{}]{0,200}?\d,\d{3}")


class Reading(NamedTuple):
    """An answer as read."""

    text: str
    key: str
    """Cleaned and without meaningless blanks: equal keys are equal answers."""
    words: str
    """The text as an answer in words."""
    choice: str = ""
    """The letter, when it is written as a choice."""
    bracketed: bool = False
    label: str = ""
    """The letter of the option whose value follows (`(C) 12`)."""
    node: Node | None = None
    problem: str = ""
    declared: frozenset[str] = frozenset()
    """Names that the answer declares to be integers or constants."""


@lru_cache(maxsize=4096)
def read(text: str, thousands: bool = True) -> Reading:
    """Read an answer; `node` is None when it is no mathematics, and `problem` says why."""
    if _INTEGER.fullmatch(text):
        return Reading(text, text, text, node=num(int(text)))
    if len(text) > 2 * MAX_CHARS:
        return Reading(text[:80], "", "", problem=f"more than {MAX_CHARS} characters")
    if text.rstrip().endswith(_ENDS_OF_PROOF):
        text = _END_OF_PROOF.sub("", text)
    choice, bracketed = _choice(text)
    label, value = _labelled(text)
    bare = unqualified(value)
    cleaned = clean(rewritten(reworded(bare.text)), thousands=thousands)
    words = words_of(cleaned)
    reading = Reading(text, tight(cleaned), words, choice, bracketed, label, declared=bare.declared)
    number = in_words(words) if words.isascii() else spelled_number(words)
    if number is not None:
        return reading._replace(node=num(number))
    date = day(words)
    if date:
        return reading._replace(node=Node("sym", (), date))
    if words in _EMPTY or _NO_SOLUTION.fullmatch(words):
        return reading._replace(node=Node("set"))
    if words in _INFINITE:
        return reading._replace(node=neg(INF) if _INFINITE[words] else INF)
    if words in _UNDEFINED:
        return reading._replace(node=Node("sym", (), "undefined"))
    if words in ("all real numbers", "all reals", "all real x"):
        return reading._replace(node=Node("field", (), "R"))
    if _is_plain_text(cleaned):
        return reading._replace(node=Node("sym", (), words))
    if _TIME.fullmatch(cleaned):
        return reading._replace(node=_clock(cleaned))
    clock = _CLOCK.fullmatch(words)
    if clock is not None:
        return reading._replace(node=_time(clock[1], clock[2]))
    if _EXTREMUM.search(words) and not extreme_value(cleaned):
        return reading._replace(problem="a place where something is largest is no value")
    try:
        return reading._replace(node=parse(extreme_value(cleaned) or cleaned))
    except UnreadableError as problem:
        node = _after_colon(cleaned)
        return reading._replace(node=node, problem="" if node else str(problem))


def _is_plain_text(cleaned: str) -> bool:
    """Words without any mathematics (`The Cooper wedding`, `Amy Smith`): a name, and no product of letters."""
    if not _PLAIN_TEXT.fullmatch(cleaned):
        return False
    letter_runs = re.findall(r"[a-zA-Z]+", cleaned)
    return (
        len(letter_runs[0]) > 1
        and any(len(word) > 3 for word in letter_runs)
        and _MEANING.isdisjoint(map(str.casefold, letter_runs))
    )


def _labelled(text: str) -> tuple[str, str]:
    """The label and the value of `\\textbf{(C) } 12`; no label where nothing follows it."""
    match = _LABEL.match(text) or _PLAIN_LABEL.match(text)
    if match is None or not re.search(r"\w", text[match.end() :]):
        return "", text
    return next(group for group in match.groups() if group).upper(), text[match.end() :]


def _after_colon(cleaned: str) -> Node | None:
    """`n < -7 or n > 8: (-∞, -7) ∪ (8, ∞)` says the same twice: the interval is read."""
    before, colon, after = cleaned.rpartition(":")
    if not colon or after.strip()[:1] not in ("(", "[") or not any(sign in before for sign in ("<", ">", "le", "ge")):
        return None
    try:
        return parse(after)
    except UnreadableError:
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
