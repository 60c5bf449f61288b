"""Length in words, characters or tokens, with the soft overlong penalty of DAPO."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal

from holdfast.errors import UsageError
from holdfast.registry import register
from holdfast.sample import Outcome, Sample, Score

Unit = Literal["words", "characters", "tokens"]


def _check(*, minimum: int, maximum: int | None, buffer: int, unit: Unit, tokenizer: str, **_: object) -> None:
    if minimum < 0 or (maximum is not None and maximum < minimum):
        raise UsageError(f"reward 'length' needs 0 <= minimum <= maximum, not {minimum} and {maximum}")
    if buffer < 0 or (maximum is not None and buffer > maximum):
        raise UsageError(f"option 'buffer' of reward 'length' must lie between 0 and maximum, not {buffer}")
    if tokenizer and unit != "tokens":
        raise UsageError("option 'tokenizer' of reward 'length' goes with unit='tokens'")


@register(
    "length",
    version="1",
    needs_reference=False,
    check=_check,
    safe_options=("minimum", "maximum", "buffer", "unit", "penalty"),
)
def length(
    sample: Sample,
    *,
    minimum: int = 1,
    maximum: int | None = None,
    buffer: int = 0,
    unit: Unit = "words",
    penalty: bool = False,
    tokenizer: str = "",
) -> Score:
    """Is the completion's length between `minimum` and `maximum` (words, characters or tokens)?

    With `buffer` the last that many units before `maximum` lose value linearly, from 1 at maximum − buffer to 0 at
    maximum. `penalty=True` gives DAPO's soft overlong punishment itself, 0 down to −1, to be added to another
    reward. Limits may come per row as reference `{"minimum": …, "maximum": …}`. Tokens are counted by `tokenizer`
    (a directory or id, loaded once) or read from `info["tokens"]`. Source: DAPO, arXiv 2503.14476, equation 13.
    """
    limits = sample.reference if isinstance(sample.reference, Mapping) else {}
    low, high = limits.get("minimum", minimum), limits.get("maximum", maximum)
    if not all(isinstance(x, int) or x is None for x in (low, high)):
        return Score.unjudgeable(f"limits must be whole numbers, not {low!r:.40} and {high!r:.40}")
    count = _count(sample, unit, tokenizer)
    if count is None:
        return Score.unjudgeable("tokens can be counted only with the option 'tokenizer' or info['tokens']")
    if count < (low or 0):
        return _graded(0.0, f"{count} {unit}, at least {low} asked", penalty, count)
    if high is None:
        return _graded(1.0, f"{count} {unit}", penalty, count)
    return _graded(_overlong(count, high, buffer), f"{count} {unit}, at most {high} asked", penalty, count)


def _overlong(count: int, maximum: int, buffer: int) -> float:
    """1 up to maximum − buffer, falling linearly to 0 at the maximum (a step without a buffer)."""
    if count > maximum or (buffer and count == maximum):
        return 0.0
    return 1.0 if count <= maximum - buffer else (maximum - count) / buffer


def _graded(value: float, reason: str, penalty: bool, count: int) -> Score:
    outcome = Outcome.of(value)
    return Score(value - 1.0 if penalty else value, outcome, reason, str(count))


def _count(sample: Sample, unit: Unit, tokenizer: str) -> int | None:
    if unit == "characters":
        return len(sample.text.strip())
    if unit == "words":
        return sum(1 for _ in re.finditer(r"\S+", sample.text))
    if tokenizer:
        return len(_tokenizer(tokenizer)(_encodable(sample.text), add_special_tokens=False)["input_ids"])
    recorded = sample.info.get("tokens")
    return recorded if isinstance(recorded, int) and not isinstance(recorded, bool) else None


def _encodable(text: str) -> str:
    """Tokenizers refuse lone surrogates."""
    return text.encode("utf-8", "replace").decode("utf-8")


@lru_cache(maxsize=4)
def _tokenizer(name: str) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(name)


EXAMPLES = {
    "length": [
        (Sample("Three short words", {"minimum": 2, "maximum": 5}), 1.0),
        (Sample("far too many words for the limit that was asked", {"maximum": 5}), 0.0),
    ]
}
