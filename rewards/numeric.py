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
_DENIAL = re.compile(r"[\s*_:]{0,6}(?i:(?:definitely |certainly )?(?:not|never)(?: equal to| be)?)[\s*_:]{0,6}")
_POWER = re.compile(r"\s?(?:\^|\*\*)\s?[{(]?\s?[-+]?\d")
_UNIT = r"(?P<unit>(?:\s?[a-zA-Z%]{1,15}(?<!\b[Oo]r)){0,2})"
_OR = re.compile(
    rf"{_UNIT}[*_]{{0,2}}[.,;]?\s{{0,3}}\(?\b[Oo]r\s(?:maybe|perhaps|possibly|probably|even|else)?[\s*_]{{0,3}}"
)
_LISTED = re.compile(r",\s{1,2}(?:or\s)?")
_UNIT_AFTER = re.compile(_UNIT)
_MARKER = re.compile(r"####|\\f?box(?:ed)?\s*\{|(?i:\banswer\b(?:\"|\*\*)?\s*(?:is|:|=)(?:\s*:)?)|^A:", re.MULTILINE)


def _check(*, tolerance: float, **_: Any) -> None:
    if not 0 <= tolerance < 1:
        raise UsageError(f"tolerance must be in [0, 1) (a share of the reference), not {tolerance!r}")


@register("numeric", version="2", check=_check)
def numeric(sample: Sample, *, extract: Literal["auto", "marked", "last"] = "auto", tolerance: float = 0.0) -> Score:
    """Is the completion's final number the reference's?

    The reference is a number, a text with one (`$1,250.00`, `72 clips`), a whole worked solution (`… ####
    72`), or a list of accepted ones; without a number it is unjudgeable. The completion's number is the first
    after its last marker (`####`, a box, "the answer is", `A:`), else its last one; `extract="marked"`
    demands a marker, `"last"` ignores them. Text before `</think>` does not count, and an unclosed `<think>`
    has no answer. Signs, thousands separators, decimals, fractions, scientific notation, currency and units
    are read; the comparison is exact (Fraction) unless a relative `tolerance` is given. A choice of different
    numbers ("3 or 4", "3, 4, 5") is a hedge and wrong, as are a denied number ("is not 42") and a power. Example: "… so
    she has $1,250.00" against 1250 is 1.0; "… = 12 or 13" against 12 or 13 is 0.0.
    """
    references = sample.reference if isinstance(sample.reference, list | tuple) else [sample.reference]
    accepted = [value for value in map(_reference_value, references) if value is not None]
    if not accepted:
        return Score.unjudgeable(f"no number in the reference {str(sample.reference)!r:.80}")
    found = _final(sample.text, extract)
    if found is None:
        return Score.of(False, "no number found" + ("" if extract == "last" else f" (extract={extract})"))
    number, fault = found
    text, value = number.group().strip(), _value(number)
    if fault or value is None:
        return Score.of(False, fault or f"a number of more than {_DIGITS_CAP} digits", text[:60])
    correct = any(_equal(value, wanted, tolerance) for wanted in accepted)
    return Score.of(correct, f"read {text!r:.60}; {'equal to' if correct else 'expected'} {accepted[0]}", text)


def final_number(text: str, extract: str = "auto") -> tuple[str, Fraction | None] | None:
    """The final number of a text and how it was written; None without one, value None when it is too long."""
    found = _final(text, extract)
    return None if found is None else (found[0].group().strip(), _value(found[0]))


def _final(text: str, extract: str) -> tuple[re.Match[str], str] | None:
    """The final number of a text, and why it is no answer ("" when it is one)."""
    text = text[-_TAIL:]
    _, think, after = text.rpartition("</think>")
    if not think and "<think>" in text:
        return None  # still thinking when it was cut off
    text = _plain(after if think else text)
    marker = None if extract == "last" else _last(_MARKER, text)
    if marker is not None:
        number = _NUMBER.search(text, marker.end(), _line_end(text, marker.end()))
        if number is not None:
            denied = _DENIAL.fullmatch(text, marker.end(), number.start())
            return number, "the number is denied" if denied else _fault(number)
    if extract == "marked":
        return None
    number = _last(_NUMBER, text)
    return None if number is None else (number, _fault(number))


def _fault(number: re.Match[str]) -> str:
    """Why a number is not one answer: a power, or one of several different numbers to choose from."""
    text, end = number.string, number.end()
    if _POWER.match(text, end):
        return "a power is not read as a number"
    if (joined := _OR.match(text, end)) and (other := _NUMBER.match(text, joined.end())):
        return _choice(number, other, joined["unit"])
    start = max(0, number.start() - 60)
    if "or" in text[start : number.start()].lower():
        for other in _NUMBER.finditer(text, start, number.start()):
            joined = _OR.match(text, other.end(), number.end())
            if joined and number.start() <= joined.end() <= number.start("whole"):
                return _choice(other, number, joined["unit"])
    listed = [number]
    while len(listed) < 3 and (comma := _LISTED.match(text, listed[-1].end())):
        other = _NUMBER.match(text, comma.end())
        if other is None:
            break
        listed.append(other)
    return "several numbers to choose from" if len({_value(one) for one in listed}) > 2 else ""


def _choice(first: re.Match[str], second: re.Match[str], unit: str) -> str:
    """A hedge, unless the second says the same number, or the same in another unit ("2 hours or 120 minutes")."""
    after = _UNIT_AFTER.match(second.string, second.end())
    unit_of_second = after["unit"].strip() if after else ""
    converted = first["currency"] != second["currency"] or (unit.strip() and unit.strip() != unit_of_second)
    same = _value(first) == _value(second) or (converted or second.string[second.end() : second.end() + 1] == "%")
    return "" if same else f"a choice of numbers: {first.group().strip()} or {second.group().strip()}"


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
