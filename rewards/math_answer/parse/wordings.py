r"""Quantities as people write them: `2h30m`, `USD 12.50`, `two and a half hours`, `Jun 20`, `2023-11-05`, `7h45`."""

import re
from fractions import Fraction
from itertools import pairwise

from holdfast.rewards.answers.words.names import FRACTION_WORDS, NUMBER_WORDS, UNITS
from holdfast.rewards.math_answer.parse.units import SCALES, canonical

_WRAPPED = re.compile(r"\\(?:text(?:rm|bf|it|normal|up)?|mathrm|mbox|hbox)\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_SPACES = re.compile(r"\\[ ,;:!]|~|\\q?quad(?![a-z])")
_NUMBER = r"\d[\d,]*(?:\.\d+)?"
_PART = re.compile(rf"({_NUMBER})\s?-?([a-zA-Z]{{1,8}})\.?(?:\s*,\s*|\s+and\s+|\s*)(?=\d|$)")
_SHORT_TIMES = {"h": "h", "m": "min", "min": "min", "s": "s", "d": "d"}
_MARKS = r"(?:US|CA|AU|NZ|HK|[ACRS])"
_CODES = {
    "USD": "dollars",
    "EUR": "euros",
    "GBP": "GBP",
    "INR": "rupees",
    "Rs.": "rupees",
    "Rs": "rupees",
    "₹": "rupees",
}
_CURRENCY = re.compile(rf"(?:{_MARKS}(?=\\?\$)|({'|'.join(map(re.escape, _CODES))}))\s?(\\?\$)?\s?(-?{_NUMBER})")
_AND_A_PART = re.compile(
    rf"({_NUMBER}|{'|'.join(NUMBER_WORDS)}) and (a|one|two|three) "
    r"(half|third|thirds|quarter|quarters|fourths)(?![a-z])(.{0,40})"
)
_MONTHS = "january february march april may june july august september october november december".split()
_MONTH = "|".join(sorted([*_MONTHS, *(month[:3] for month in _MONTHS), "sept"], key=len, reverse=True))
_WEEKDAY = r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day\s+)?"
_DAY = re.compile(
    rf"{_WEEKDAY}(?:the\s+)?(?:({_MONTH})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?"
    rf"|(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?({_MONTH})\.?)(?:\s+(\d{{4}}))?"
)
_ISO = re.compile(r"([12]\d{3})([-/])(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])")
_HOUR = re.compile(r"(\d{1,2})h([0-5]\d)|(\d{1,2})\.([0-5]\d)\s?(?=[ap]\.?\s?m\b)|(\d{1,2}) o['’]clock")
_HALF_OF_DAY = re.compile(r"(?:\s?[ap]\.?\s?m\.?)?", re.IGNORECASE)
_UNIT = r"(?:\\?[a-zA-Z]{1,7}(?:\^\{?-?\d\}?|[²³]|\s?\\?(?:squared|cubed))?)"
_COMPOUND = re.compile(
    rf"(.*[\d)}}])(?:\s+|(?=\\frac)|(?=[a-zA-Z]{{1,3}}[²³/]))(\\frac\s?\{{\s*{_UNIT}\s*\}}\s?\{{\s*{_UNIT}\s*\}}|{_UNIT}(?:\s*(?:/|\\cdot|\*|per)?\s*{_UNIT})*)\.?\s*"
)


def reworded(text: str) -> str:
    """The text with such a quantity in the words that the grammar reads; the text itself where it is none."""
    if len(text) > 120 or not any(letter.isalpha() or letter in "-/₹" for letter in text):
        return text
    if iso := _ISO.fullmatch(text.strip()):
        return f"{_MONTHS[int(iso[3]) - 1].capitalize()} {int(iso[4])}, {iso[1]}"
    flat = " ".join(_SPACES.sub(" ", _WRAPPED.sub(r" \1 ", text)).replace("$", r"\$").replace(r"\\$", r"\$").split())
    if currency := _CURRENCY.fullmatch(flat):
        unit = _CODES.get(currency[1] or "", "dollars")
        return rf"{currency[3]} \text{{ {unit}}}"
    if part := _AND_A_PART.fullmatch(flat.casefold()):
        whole = NUMBER_WORDS.get(part[1]) if not part[1][0].isdigit() else Fraction(part[1].replace(",", ""))
        many = {"a": 1}.get(part[2]) or NUMBER_WORDS[part[2]]
        value = Fraction(whole or 0) + Fraction(many, FRACTION_WORDS[part[3]])
        return rf"\frac{{{value.numerator}}}{{{value.denominator}}}{part[4]}"
    if (hour := _HOUR.match(flat)) and _HALF_OF_DAY.fullmatch(flat, hour.end()):
        digits = f"{hour[1] or hour[3]}:{hour[2] or hour[4]}" if not hour[5] else hour[5]
        return digits + flat[hour.end() :]
    return _duration(flat) or text


def day(words: str) -> str:
    """`june 20` for June 20, 20 June, the 20th of Jun.; nothing for what is no day."""
    match = _DAY.fullmatch(" ".join(words.replace(",", " ").split()))
    if match is None:
        return ""
    month, number = (match[1], match[2]) if match[1] else (match[4], match[3])
    return f"{next(full for full in _MONTHS if full.startswith(month[:3]))} {int(number)} {match[5] or ''}".strip()


def _duration(flat: str) -> str:
    """`2 hours and 30 minutes`, `5 ft 6 in`: falling units of one kind, as one quantity."""
    parts = list(_PART.finditer(flat))
    if len(parts) < 2 or parts[0].start() or any(a.end() != b.start() for a, b in pairwise(parts)):
        return ""
    if parts[-1].end() != len(flat):
        return ""
    names = [part[2] for part in parts]
    timed = names[0] in ("h", "hr", "hrs", "d") or UNITS.get(names[0]) in ("h", "d", "min")
    units = [
        (_SHORT_TIMES.get(name) if timed else None) or UNITS.get(name.casefold()) or UNITS.get(name) for name in names
    ]
    scales = [SCALES.get(unit or "") for unit in units]
    if None in scales or len({scale[0] for scale in scales if scale}) > 1:
        return ""
    sizes = [scale[1] for scale in scales if scale]
    if any(a <= b for a, b in pairwise(sizes)):
        return ""
    spelled = {"h": "hours", "min": "minutes", "s": "seconds", "d": "days", "in": "inches", "inch": "inches"}
    return " ".join(
        rf"{part[1]} \text{{ {spelled.get(unit or '', unit)} }}" for part, unit in zip(parts, units, strict=True)
    )


def unit_behind(text: str) -> tuple[str, str] | None:
    r"""The number and the unit in canonical spelling of `9.8 m/s²`, `9.8\frac{m}{s^2}`; None where it is no unit."""
    flat = " ".join(_SPACES.sub(" ", _WRAPPED.sub(r" \1 ", text.strip().strip("$"))).split())
    match = _COMPOUND.fullmatch(flat)
    if match is None:
        return None
    written = match[2].replace("²", "^2").replace("³", "^3")
    written = re.sub(r"\\frac\s?\{([^{}]*(?:\{[^{}]*\})?)\}\s?\{(.*)\}", r"\1 / \2", written)
    written = re.sub(r"\s?\\?squared", "^2", re.sub(r"\s?\\?cubed", "^3", written)).replace("\\cdot", " ")
    parts = re.findall(r"[a-zA-Z]+(?:\^\{?-?\d\}?)?|/", written.replace("*", " "))
    known = [_known(part) for part in parts]
    return None if "" in known else (match[1], canonical(known))


def _known(part: str) -> str:
    name, _, exponent = part.partition("^")
    if part in ("/", "per"):
        return "/"
    unit = UNITS.get(name) or (UNITS.get(name.casefold()) if len(name) > 2 else None)
    return "" if unit is None else f"{unit}^{exponent.strip('{}')}" if exponent else unit
