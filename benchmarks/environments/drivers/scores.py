"""What foreign scorers give, as scores of ours."""

from typing import Any

from holdfast.sample import Score


def foreign_score(value: Any, extracted: str | None = None) -> Score:
    """A number from 0 to 1 is a share; None, NaN, a text or a number outside is no value."""
    if isinstance(value, bool | int | float) and 0.0 <= float(value) <= 1.0:
        return Score.share(float(value), "", extracted)
    return Score.error(f"the environment's scorer gave {value!r:.80}")
