"""Repetition: the share of n-grams that say again what was said already."""

from collections.abc import Sequence
from typing import Literal

from holdfast.errors import UsageError
from holdfast.registry import register
from holdfast.sample import Sample, Score

_WORDS = 200_000


def _check(*, n: int, limit: float, **_: object) -> None:
    if n < 1:
        raise UsageError(f"option 'n' of reward 'repetition' must be at least 1, not {n}")
    if not 0 <= limit < 1:
        raise UsageError(f"option 'limit' of reward 'repetition' must be a share from 0 to below 1, not {limit}")


@register("repetition", version="1", needs_reference=False, check=_check, safe_options=("n", "limit", "unit", "graded"))
def repetition(
    sample: Sample,
    *,
    n: int = 4,
    limit: float = 0.2,
    unit: Literal["words", "characters"] = "words",
    graded: bool = False,
) -> Score:
    """Is the completion free of repetition: at most `limit` of its n-grams repeated?

    The repeated share is 1 − distinct / all n-grams, case ignored. 1.0 up to `limit` and 0.0 above it; `graded` falls
    linearly from 1 at the limit to 0 where everything repeats. `unit="characters"` is for scripts without spaces. A
    text shorter than n units repeats nothing; an empty one is wrong. At most 200,000 units are read. No reference.
    Source: the n-gram penalty of arXiv 2502.03373 (Demystifying Long Chain-of-Thought Reasoning), section 4.
    """
    units: Sequence[str] = sample.text.lower().split() if unit == "words" else "".join(sample.text.lower().split())
    if not units:
        return Score.of(False, "the completion is empty")
    units = units[:_WORDS]
    grams = [tuple(units[i : i + n]) for i in range(len(units) - n + 1)]
    share = 1 - len(set(grams)) / len(grams) if grams else 0.0
    reason = f"{share:.1%} of the {n}-grams of {unit} are repeated, at most {limit:.0%} allowed"
    if graded and share > limit:
        return Score.share((1 - share) / (1 - limit), reason)
    return Score.of(share <= limit, reason)


EXAMPLES = {
    "repetition": [
        (Sample("Every sentence of this short answer says something that was not said before."), 1.0),
        (Sample("I will try again. " * 20), 0.0),
    ]
}
