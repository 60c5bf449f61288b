"""One number against one number: GSM8K and its like.

A data row of GSM8K (openai/grade-school-math, test.jsonl; grader: `extract_answer` in dataset.py at 3101c7d):

    Janet sells 16 - 3 - 4 = <<16-3-4=9>>9 duck eggs a day.
    She makes 9 * 2 = $<<9*2=18>>18 every day at the farmer's market.
    #### 18

Its traps: `<<…>>` are calculator annotations, not text; the answer may carry thousands separators (`2,125`),
currency or units; a completion that was cut off has no marker, and its last number is whatever it was
computing.
"""

import re
from collections import deque
from fractions import Fraction
from typing import Any, Literal

from holdfast.errors import UsageError
from holdfast.registry import register
from holdfast.sample import Sample, Score

_DIGITS_CAP = 400  # no answer is longer; a model's endless decimal is refused before it becomes a big integer
_TAIL = 100_000  # an answer is near the end: this bounds the work on a runaway completion
_ANNOTATION = re.compile(r"<<[^<>\n]*>>")
_SPACERS = re.compile(r"(?<=\d)(?:\{,\}|\\[,!;]|\u202f|\u00a0|\u2009)(?=\d{3}(?!\d))")
_WHOLE = r"(?:\d{1,3}(?:,\d{3})+(?![\d])|\d+)"
_NUMBER = re.compile(
    r"(?:(?<![\w)\]}.])(?P<minus>[-−–]\s?))?(?P<currency>\\?[$€£¥])?\s?(?P<late>(?<=[$€£¥])[-−])?"
    rf"(?P<whole>{_WHOLE}(?:\.\d+)?|\.\d+)"
    r"(?:[eE](?P<exponent>[+-]?\d{1,3})(?![\w]))?"
    r"(?:\s?/\s?(?P<below>[1-9]\d*)(?!\d|\.\d|/))?"
)
_FRACTION = re.compile(r"\\[dt]?frac\s*\{\s*([^{}]{1,40}?)\s*\}\s*\{\s*([^{}]{1,40}?)\s*\}")
_MARKER = re.compile(r"####|\\f?box(?:ed)?\s*\{|(?i:\banswer\b(?:\"|\*\*)?\s*(?:is|:|=)(?:\s*:)?)|^A:", re.MULTILINE)


def _check(*, tolerance: float, **_: Any) -> None:
    if not 0 <= tolerance < 1:
        raise UsageError(f"tolerance must be in [0, 1) (a share of the reference), not {tolerance!r}")


@register("numeric", version="1", check=_check)
def numeric(sample: Sample, *, extract: Literal["auto", "marked", "last"] = "auto", tolerance: float = 0.0) -> Score:
    """Is the completion's final number the reference's?

    The reference is a number, a text with one (`$1,250.00`, `72 clips`), a whole worked solution (`… ####
    72`), or a list of accepted ones; without a number it is unjudgeable. The completion's number is the first
    after its last marker (`####`, a box, "the answer is", `A:`), else its last one; `extract="marked"`
    demands a marker, `"last"` ignores them. Text before `</think>` does not count, and an unclosed `<think>`
    has no answer. Signs, thousands separators, decimals, fractions, scientific notation, currency and units
    are read; the comparison is exact (Fraction) unless a relative `tolerance` is given. Example: "… so she
    has $1,250.00" against 1250 is 1.0; "… = 12 or 13" against 12 is 0.0.
    """
    references = sample.reference if isinstance(sample.reference, list | tuple) else [sample.reference]
    accepted = [value for value in map(_reference_value, references) if value is not None]
    if not accepted:
        return Score.unjudgeable(f"no number in the reference {str(sample.reference)!r:.80}")
    found = final_number(sample.text, extract)
    if found is None:
        return Score.of(False, "no number found" + ("" if extract == "last" else f" (extract={extract})"))
    text, value = found
    if value is None:
        return Score.of(False, f"a number of more than {_DIGITS_CAP} digits", text[:60])
    correct = any(_equal(value, wanted, tolerance) for wanted in accepted)
    return Score.of(correct, f"read {text!r:.60}; {'equal to' if correct else 'expected'} {accepted[0]}", text)


def final_number(text: str, extract: str = "auto") -> tuple[str, Fraction | None] | None:
    """The final number of a text and how it was written; None without one, value None when it is too long."""
    text = text[-_TAIL:]
    _, think, after = text.rpartition("</think>")
    if not think and "<think>" in text:
        return None  # still thinking when it was cut off
    text = _plain(after if think else text)
    marker = None if extract == "last" else _last(_MARKER, text)
    if marker is not None:
        number = _NUMBER.search(text, marker.end(), _line_end(text, marker.end()))
        if number is not None:
            return number.group().strip(), _value(number)
    if extract == "marked":
        return None
    number = _last(_NUMBER, text)
    return None if number is None else (number.group().strip(), _value(number))


def _plain(text: str) -> str:
    """The text without annotations, with LaTeX fractions and digit spacers written plainly."""
    if "<<" in text:
        text = _ANNOTATION.sub("", text)
    if "\\" in text:
        text = _FRACTION.sub(r"\1/\2", text)
    return _SPACERS.sub("", text) if "\\" in text or "{" in text or not text.isascii() else text


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The last match: a short tail is tried first, since the answer is nearly always there."""
    for start in (max(0, text.rfind("\n", 0, max(0, len(text) - 200))), 0):
        found = deque(pattern.finditer(text, start), maxlen=1)
        if found:
            return found[0]
    return None


def _line_end(text: str, start: int) -> int:
    """The end of the first line after `start` that holds anything (an answer may follow on its own line)."""
    while start < len(text) and text[start] in " \t\r\n*_:\"'":
        start += 1
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _value(number: re.Match[str]) -> Fraction | None:
    whole, exponent, below = number["whole"].replace(",", ""), number["exponent"], number["below"]
    if len(whole) + len(below or "") > _DIGITS_CAP:
        return None
    value = Fraction(f"{whole}e{exponent}" if exponent else whole)
    if below:
        value /= int(below)
    return -value if number["minus"] or number["late"] else value


def _reference_value(reference: Any) -> Fraction | None:
    if isinstance(reference, bool) or not isinstance(reference, str | int | float):
        return None
    if isinstance(reference, int):
        return Fraction(reference)
    found = final_number(str(reference))
    return None if found is None else found[1]


def _equal(value: Fraction, wanted: Fraction, tolerance: float) -> bool:
    return value == wanted or (tolerance > 0 and abs(value - wanted) <= Fraction(tolerance) * abs(wanted))


EXAMPLES: dict[str, list[tuple[Sample, float | None]]] = {
    "numeric": [
        (Sample("48/2 = <<48/2=24>>24, 48 + 24 = 72\n#### 72", "72"), 1.0),
        (Sample("She earns $1,250.00 a year.", 1250), 1.0),
        (Sample("It is 12 or 13.", 12), 0.0),
    ]
}
