"""One number against one number: GSM8K and its like.

A data row of GSM8K (openai/grade-school-math, test.jsonl; grader: `extract_answer` in dataset.py at 3101c7d):

    Janet sells 16 - 3 - 4 = <<16-3-4=9>>9 duck eggs a day.
    She makes 9 * 2 = $<<9*2=18>>18 every day at the farmer's market.
    #### 18

Its traps: `<<…>>` are calculator annotations, not text; the answer may carry thousands separators (`2,125`),
currency or units; a completion that was cut off has no marker, and its last number is whatever it was
computing.
"""

from fractions import Fraction
from typing import Any, Literal

from holdfast.errors import UsageError
from holdfast.registry import register
from holdfast.rewards.answers.numbers import DIGITS_CAP, final, several
from holdfast.rewards.answers.numerals.digits import with_points
from holdfast.rewards.answers.places import Which
from holdfast.rewards.answers.text import Language, Stop, final_part, writes_commas
from holdfast.sample import Sample, Score


def _check(*, tolerance: float, **_: Any) -> None:
    if not 0 <= tolerance < 1:
        raise UsageError(f"tolerance must be in [0, 1) (a share of the reference), not {tolerance!r}")


@register("numeric", version="9", check=_check, safe_options=("require", "which", "stop", "tolerance", "language"))
def numeric(
    sample: Sample,
    *,
    require: Literal["any", "marked"] = "any",
    which: Which = "last",
    stop: Stop = "question",
    tolerance: float = 0.0,
    language: Language | None = None,
) -> Score:
    """Is the completion's final number the reference's?

    The reference is a number, a text with one (`$1,250.00`, `72 clips`), a whole worked solution (`… #### 72`), or a
    list of accepted ones. Without one number ("2, 3", "6 + 9i") it is unjudgeable. The completion's number is the one
    that its answer states (a box, `####`, a JSON field, `A:`, "the answer is" in any language), else its last one.
    `require="marked"` demands a statement, `which` of several counts (last, first, agreeing), and a run-on into a
    next question ends the answer (`stop`). A thought does not count, an open one has no answer, and of
    `<answer>…</answer>` the inside counts. Signs, thousands separators, decimals, fractions, mixed numbers,
    scientific notation, digits with their base (1101_2), words ("twenty-one", 七), currency, units and "million" are
    read. The comparison is exact (Fraction) unless a relative `tolerance` is given. `language` ("de", …) reads
    1.234,5 as it does. A choice of different numbers ("3 or 4", "3, 4") is a hedge and wrong. So are a denied number
    ("is not 42"), a changed one ("twice 42", "at least 42", 42x) and a power; "6 * 7 = 42" states 42. Example: "… so
    she has $1,250.00" against 1250 is 1.0; "… = 12 or 13" against 12 or 13 is 0.0.
    """
    commas = writes_commas(language)
    references = sample.reference if isinstance(sample.reference, list | tuple) else [sample.reference]
    accepted = [value for value in (_reference_value(one, commas) for one in references) if value is not None]
    if not accepted:
        return Score.unjudgeable(f"not one number in the reference {str(sample.reference)!r:.80}")
    text = final_part(sample.text, stop)
    found = final(with_points(text) if commas else text, require, which)
    if found is None:
        return Score.of(False, f"no number found (require={require})")
    if found.fault or found.value is None:
        return Score.of(False, found.fault or f"a number of more than {DIGITS_CAP} digits", found.text[:60])
    correct = any(_equal(found.value, expected, tolerance) for expected in accepted)
    verdict = "equal to" if correct else "expected"
    return Score.of(correct, f"read {found.text!r:.60}; {verdict} {accepted[0]}", found.text)


def _reference_value(reference: Any, commas: bool) -> Fraction | None:
    if isinstance(reference, bool) or not isinstance(reference, str | int | float):
        return None
    if isinstance(reference, int):
        return Fraction(reference)
    text = with_points(str(reference)) if commas and isinstance(reference, str) else str(reference)
    found = final(text)
    if found is None or found.fault or (not found.marked and several(text)):
        return None
    return found.value


def _equal(value: Fraction, expected: Fraction, tolerance: float) -> bool:
    return value == expected or (tolerance > 0 and abs(value - expected) <= Fraction(tolerance) * abs(expected))


EXAMPLES: dict[str, list[tuple[Sample, float | None]]] = {
    "numeric": [
        (Sample("48/2 = <<48/2=24>>24, 48 + 24 = 72\n#### 72", "72"), 1.0),
        (Sample("She earns $1,250.00 a year.", 1250), 1.0),
        (Sample("It is 12 or 13.", 12), 0.0),
    ]
}
