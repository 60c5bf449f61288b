"""A score as tables write it: numbers, words, losses; read as a number from 0 (worst) to 1 (best)."""

import math
import re
from typing import Any, Literal

from holdfast.errors import DataError

LOSS = "1 − "
"""Begins the metric's name of scores that were losses."""
Direction = Literal["higher", "lower"]
_YES = frozenset({"true", "yes", "y", "correct", "right", "pass", "passed", "c"})
_NO = frozenset({"false", "no", "n", "incorrect", "wrong", "fail", "failed", "i"})
_NONE = frozenset({"", "none", "null", "nan", "n/a", "na"})
_LOSSES = re.compile(
    r"(?:^|[._\-\s])(brier(?:_score)?|perplexity|ppl|loss|nll|bits_per_byte|bpb|errors?|error_(?:count|rate)|mistakes"
    r"|wer|cer|ter|mae|mse|rmse|edit_distance|toxicity|latency)$",
    re.IGNORECASE,
)


def direction_of(column: str) -> Direction:
    """lower for a column whose name says that it is a loss (brier, perplexity, errors, …)."""
    return "lower" if _LOSSES.search(column.strip()) else "higher"


def oriented(metric: str, higher_is_better: bool | None = None) -> str:
    """A metric's name, marked as a loss where the harness says so, or, where it says nothing, its name does."""
    lower = higher_is_better is False or (higher_is_better is None and direction_of(metric) == "lower")
    return LOSS + metric if lower else metric


def metric_score(value: Any, metric: str, where: str) -> float | None:
    """A harness's number for one item as a score, None where it is none; `metric` as `oriented` names it."""
    found = number(value)
    if found is None or not metric.startswith(LOSS):
        return found
    return read_score(found, metric.removeprefix(LOSS), 1.0, "lower", where)


def number(value: Any) -> float | None:
    """A score as harnesses write it: a number, also as text, a truth value, or inspect's C, I, P, N; else None."""
    if isinstance(value, bool | int | float):
        return float(value) if value == value else None
    if not isinstance(value, str):
        return None
    text = value.strip().lower()
    if text in _YES or text in _NO or text == "p":
        return 0.5 if text == "p" else float(text in _YES)
    try:
        found = float(text)
    except ValueError:
        return None
    return found if found == found else None


def read_score(value: Any, column: str, scale: float, direction: Direction, where: str) -> float | None:
    """The score from 0 to 1; None where there is none. Raises DataError for what cannot be read as one.

    A loss becomes 1 − value/scale; without a scale a perplexity becomes 1/value, a log-loss exp(−value) and a count of
    errors 1/(1 + count), which all lie between 0 and 1.
    """
    number = _number(value, column, where)
    if number is None:
        return None
    score = number / scale if direction == "higher" else _of_loss(number, column, scale)
    if not 0 <= score <= 1:
        raise DataError(f"{where}: a score must lie between 0 and 1, not {score:g}; scale=10 divides by 10")
    return score


def _of_loss(value: float, column: str, scale: float) -> float:
    name = column.lower()
    if scale == 1.0 and value >= 0:
        if re.search(r"perplexity|ppl", name):
            return 1 / max(value, 1.0)
        if re.search(r"loss|nll|bits_per_byte|bpb", name):
            return math.exp(-value)
        if re.search(r"errors$|error_count|mistakes|edit_distance|latency", name):
            return 1 / (1 + value)
    return 1 - value / scale


def _number(value: Any, column: str, where: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool | int | float):
        return float(value)
    text = str(value).strip().lower() if isinstance(value, str) else ""
    if isinstance(value, str) and text in _NONE:
        return None
    if text in _YES or text in _NO:
        return float(text in _YES)
    try:
        return float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        raise DataError(
            f"{where}: {column!r} must be a number, a truth value, or yes or no, not {value!r:.60}"
        ) from None
