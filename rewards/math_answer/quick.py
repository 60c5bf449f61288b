"""The fast path: one plain number in a box or after ####, against one plain number. Says nothing (None) otherwise."""

import re
from fractions import Fraction

from holdfast.rewards.math_answer.settings import Settings
from holdfast.sample import Sample, Score

_NUMBER = re.compile(r"\s*\$?\s*(-?)(?:(\d{1,3}(?:,\d{3})+)|(\d{1,18}))(?:\.(\d{1,18}))?\s*\.?\s*")
_CUT = ("think>", "<|", "</s>")


def score(sample: Sample, settings: Settings) -> Score | None:
    """The score where both sides are plain numbers that are equal or both whole; None leaves it to the full judge."""
    reference = sample.reference
    if isinstance(reference, bool) or not isinstance(reference, str | int) or settings.decimal_comma:
        return None
    text = sample.completion if isinstance(sample.completion, str) else sample.text
    found = _final(text)
    if found is None or any(mark in text for mark in _CUT):
        return None
    candidate, how = found
    if isinstance(reference, str) and "####" in reference:
        reference = reference[reference.rfind("####") + 4 :]
    pred, gold = _read(candidate), _read(str(reference))
    if pred is None or gold is None:
        return None
    if pred[0] == gold[0]:
        return Score.of(True, f"extracted {candidate!r} ({how}); equals {gold[0]} exactly", candidate)
    if pred[1] or gold[1]:
        return None  # decimals have rules of their own
    return Score.of(False, f"extracted {candidate!r} ({how}); expected {gold[0]}", candidate)


def _final(text: str) -> tuple[str, str] | None:
    """The content of the only box, or the line after the only ####."""
    at = text.rfind("\\boxed{")
    if at >= 0:
        end = text.find("}", at)
        if end < 0 or text.count("box") != 1:
            return None
        return text[at + 7 : end], "box"
    at = text.rfind("####")
    if at < 0 or "box" in text:
        return None
    return text[at + 4 : at + 60].partition("\n")[0].strip(), "####"


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
