"""The fast path: one plain number in a box, after #### or after "the answer is", against one plain number.

Says nothing (None) wherever the full judge could see something else.
"""

import re
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from holdfast.rewards.answers.boxes import box_count, is_denied
from holdfast.rewards.answers.endings.closing import without_closing
from holdfast.rewards.answers.endings.runon import asks_again
from holdfast.rewards.answers.endings.standing import standing_part
from holdfast.rewards.answers.places import not_own
from holdfast.rewards.answers.thinking import strip_thinking
from holdfast.rewards.math_answer.settings import Settings
from holdfast.sample import Sample, Score

_NUMBER = re.compile(r"\s*\$?\s*(-?)(?:(\d{1,3}(?:,\d{3})+)|(\d{1,18}))(?:\.(\d{1,18}))?\s*\.?\s*")
_STATED = re.compile(r"\b[Aa]nswer is:? +\$?(-?\d[\d,]{0,20}(?:\.\d{1,18})?)\$?\.?\s*$")
_LINE = re.compile(r"\nA: (-?\d[\d,]{0,20}(?:\.\d{1,18})?)\s*\Z")
_FIELD = re.compile(r'"answer": "?(-?\d[\d,]{0,20}(?:\.\d{1,18})?)"?\s*\}?\s*(?:```)?\s*\Z')
_OR = re.compile(r"(?:or|but|though)(?![a-z])", re.IGNORECASE)
_TAIL = 90


class _Found(NamedTuple):
    """A plain answer and what marks it."""

    text: str
    origin: str
    alone: bool = False
    """Nothing else stands on its line or behind."""


def score(sample: Sample, settings: Settings) -> Score | None:
    """The score where both sides are plain numbers that are equal or both whole; None leaves it to the full judge."""
    reference = sample.reference
    if isinstance(reference, bool) or not isinstance(reference, str | int) or settings.decimal_comma:
        return None
    text = sample.completion if isinstance(sample.completion, str) else sample.text
    if settings.which != "last" or (settings.stop != "none" and (settings.stop != "question" or asks_again(text))):
        return None
    answer = strip_thinking(text)
    if answer is None:
        return None
    if "<" in answer and ("<|" in answer or "</s>" in answer or "nswer>" in answer):
        return None
    text = without_closing(answer)
    found = _final(text, settings.require == "boxed")
    if found is None or not (found.alone or standing_part(text) == text):
        return None
    return _compared(found, _read(found.text), _reference(str(reference)))


def _compared(
    found: _Found, pred: tuple[int | Fraction, bool] | None, gold: tuple[int | Fraction, bool] | None
) -> Score | None:
    if pred is None or gold is None:
        return None
    candidate, origin = found.text, found.origin
    if pred[0] == gold[0]:
        return Score.of(True, f"extracted {candidate!r} ({origin}); equals {gold[0]} exactly", candidate)
    if pred[1] or gold[1]:
        return None  # decimals have rules of their own
    return Score.of(False, f"extracted {candidate!r} ({origin}); expected {gold[0]}", candidate)


def _final(text: str, boxed_only: bool) -> _Found | None:
    """The content of the only box, the line after the only ####, or the number that a final "answer is" states."""
    at = text.rfind("\\boxed{")
    if at >= 0:
        end = text.find("}", at)
        if end < 0 or _OR.search(text, end, end + 20) or is_denied(text, at + 7, text[at + 7 : end]):
            return None
        return _Found(text[at + 7 : end], "box") if box_count(text) == 1 else None
    if boxed_only or box_count(text):
        return None
    at = text.rfind("####")
    if at >= 0:
        answer, _, rest = text[at + 4 :].partition("\n")
        alone = at == 0 or text[at - 1] == "\n"
        return None if len(answer) > 60 or rest.strip() else _Found(answer.strip(), "####", alone)
    if 'answer"' in text or 'result"' in text:
        field = _FIELD.search(text, max(0, len(text) - _TAIL))
        return _Found(field[1], "the answer field") if field else None
    if "A: " in text:
        line = _LINE.search(text, max(0, len(text) - _TAIL))
        return _Found(line[1], "the line A:", True) if line else None
    stated = _STATED.search(text, max(0, len(text) - _TAIL))
    if stated is None or not_own(text[max(0, stated.start() - 60) : stated.start()].removesuffix("the ")):
        return None
    return _Found(stated[1], "the stated answer")


@lru_cache(maxsize=2048)
def _reference(text: str) -> tuple[int | Fraction, bool] | None:
    """The plain number that a reference is, or that a worked solution of GSM8K ends with."""
    if "####" in text:
        return _read(text[text.rfind("####") + 4 :])
    line = _LINE.search(text) if "A: " in text and not box_count(text) and 'answer"' not in text else None
    return _read(line[1] if line else text.strip().lstrip("#"))


def _read(text: str) -> tuple[int | Fraction, bool] | None:
    number = _NUMBER.fullmatch(text)
    if number is None:
        return None
    sign, grouped, digits, decimals = number.groups()
    whole = grouped.replace(",", "") if grouped else digits
    if decimals and decimals.strip("0"):
        value: int | Fraction = Fraction(f"{sign}{whole}.{decimals}")
        return value, True
    return -int(whole) if sign else int(whole), False
