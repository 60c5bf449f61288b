"""Numbers in one plain notation: digit groups, fractions, powers of ten, digits with their base, big units."""

import re

from holdfast.rewards.answers.numerals.digits import in_ascii, written_out

_ANNOTATION = re.compile(r"<<[^<>\n]*>>")
_VULGAR = {"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅛": "1/8"}
_VULGAR_SIGN = re.compile(rf"(\d?)\s?([{''.join(_VULGAR)}])")
_POWER_OF_TEN = re.compile(
    r"(?<=\d)\s?(?:[×x*·⋅]|\\times|\\cdot)\s?10\s?(?:(?:\^|\*\*)\s?\{?\s?([-+−]?\d{1,3})\s?\}?|([⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3}))(?![\d.])"
)
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻−", "0123456789--")
_IN_BASE = re.compile(r"(?<![\w.])(\d{1,60})(?:_\{?\s?(\d{1,2})\s?\}?|([₀-₉]{1,2}))(?![\w])")
_LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_BLANKS = re.compile(r"(?<![\d.,^_/])[1-9]\d{0,2}(?: \d{3})+(?![\d.,/]\d|[\d/])")
_TICKS = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?:['_]\d{3})+(?!\d)")
_SUFFIX = re.compile(r"(?<=\d)([kKMB]|bn|mn)(?![A-Za-z0-9²³^])")
_SUFFIXES = {"k": "thousand", "K": "thousand", "M": "million", "mn": "million", "B": "billion", "bn": "billion"}
_FULL_HOUR = re.compile(r"(?<=\d):00(?![\d:])")
_SPACERS = re.compile(r"(?<=\d)(?:\{,\}|\\[,!;]|\u202f|\u00a0|\u2009)(?=\d{3}(?!\d))")
_MIXED = re.compile(r"(\d)\s?(\\[dt]?frac)")
_SHORT_FRACTION = re.compile(r"\\[dt]?frac\s*(\d)\s*(\d)")
_FRACTION = re.compile(r"\\[dt]?frac\s*\{\s*([^{}]{1,40}?)\s*\}\s*\{\s*([^{}]{1,40}?)\s*\}")


def plain(text: str) -> str:
    """The text without annotations, with LaTeX fractions and digit spacers written plainly."""
    if "<<" in text:
        text = _ANNOTATION.sub("", text)
    if "\\" in text:
        text = _MIXED.sub(r"\1 \2", text)
        text = _SHORT_FRACTION.sub(r"\1/\2", _FRACTION.sub(r"\1/\2", text))
    if ":00" in text:
        text = _FULL_HOUR.sub("", text)
    if "10" in text:
        text = _POWER_OF_TEN.sub(lambda m: f"e{(m[1] or m[2]).translate(_RAISED).lstrip('+')}", text)
    if not text.isascii():
        text = _VULGAR_SIGN.sub(lambda m: f"{m[1]} {_VULGAR[m[2]]}" if m[1] else _VULGAR[m[2]], text)
    if "_" in text or not text.isascii():
        text = _IN_BASE.sub(_from_base, text)
    text = _BLANKS.sub(lambda m: m[0].replace(" ", ""), text)
    text = _TICKS.sub(lambda m: m[0].replace("'", "").replace("_", ""), text)
    text = _SUFFIX.sub(lambda m: f" {_SUFFIXES[m[1]]}", text)
    text = _SPACERS.sub("", text) if "\\" in text or "{" in text or not text.isascii() else text
    return written_out(in_ascii(text))


def _from_base(match: re.Match[str]) -> str:
    """`1101_2` as the value in base ten."""
    base = int(match[2] or match[3].translate(_LOWERED))
    if not 2 <= base <= 10 or any(int(digit) >= base for digit in match[1]):
        return match[0]
    return match[1] if base == 10 else f"{int(match[1], base)}"
