"""Exact match of the completion's text against the reference."""

import unicodedata
from typing import Any

from holdfast.registry import register
from holdfast.rewards.answers.thinking import strip_thinking
from holdfast.sample import Sample, Score


@register("exact_match", version="2", safe_options=("ignore_case", "strip"))
def exact_match(sample: Sample, *, ignore_case: bool = False, strip: bool = True) -> Score:
    """Is the completion, behind its thought, the reference, character by character (after Unicode NFC)?

    The reference is a text, a number, or a list of accepted texts; white space around both is ignored unless
    `strip=False`. Unjudgeable without a reference. Follows lm-evaluation-harness's `exact_match` metric.
    """
    accepted = sample.reference if isinstance(sample.reference, list | tuple) else [sample.reference]
    if not accepted or any(not isinstance(text, str | int | float) for text in accepted):
        return Score.unjudgeable(f"a reference must be text or a list of texts, not {sample.reference!r:.80}")
    answer = strip_thinking(sample.text)
    if answer is None:
        return Score.of(False, "the thought never ended")
    found = _normal(answer, ignore_case, strip)
    correct = found in [_normal(text, ignore_case, strip) for text in accepted]
    return Score.of(correct, "equal" if correct else f"expected {accepted[0]!r:.80}", found[:200])


def _normal(text: Any, ignore_case: bool, strip: bool) -> str:
    normal = unicodedata.normalize("NFC", str(text))
    normal = normal.strip() if strip else normal
    return normal.casefold() if ignore_case else normal


EXAMPLES = {
    "exact_match": [
        (Sample("Paris", "Paris"), 1.0),
        (Sample("Paris, France", "Paris"), 0.0),
        (Sample("<think>Berlin?</think>\nParis", "Paris"), 1.0),
    ]
}
