"""AlpacaEval's length-controlled win rate: what the win rate would be if both answers were equally long.

The published model (Dubois et al. 2024, arXiv 2404.04475, section 3) is a logistic regression of a preference on three
terms: logit P(win) = θ + φ·tanh((len − len_baseline) / sd) + ψ·γ_x, lengths in characters, sd that of the differences.
The win rate with φ set to 0 is reported. γ_x, an instruction's difficulty, comes from a joint fit over many models'
judgments, a file of AlpacaEval's repository that one pair of runs cannot replace: without it θ and φ are fitted and
the third term is left out, which moves the rate towards one half by as much as difficulties differ. φ has a normal
prior of standard deviation 2, so that answers which are all longer do not make it arbitrary.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_PRIOR = 2.0
_FEWEST = 30
_NORMAL = 1.959964


@dataclass(frozen=True, slots=True)
class LengthControlled:
    """Rates between 0 and 1."""

    win_rate: float
    low: float
    """End of the 95 % interval (delta method)."""
    high: float
    raw: float
    """The mean preference, without control of length."""
    length_effect: float
    """φ: above 0, the judge prefers the longer answer."""
    difficulty_effect: float | None
    """ψ; None where no difficulties were given."""


def length_controlled(
    preferences: Sequence[float],
    lengths: Sequence[int],
    baseline_lengths: Sequence[int],
    difficulties: Sequence[float] | None = None,
) -> LengthControlled | None:
    """Fit the model to one run. `preferences`: from 0 (lost) to 1 (won), soft ones too; lengths in characters.

    None where it cannot be fitted: fewer than 30 items, or every answer as long as its baseline's."""
    wins = np.asarray(preferences, dtype=float)
    difference = np.asarray(lengths, dtype=float) - np.asarray(baseline_lengths, dtype=float)
    spread = float(difference.std())
    if len(wins) < _FEWEST or spread == 0:
        return None
    columns = [np.ones_like(wins), np.tanh(difference / spread)]
    if difficulties is not None:
        columns.append(np.asarray(difficulties, dtype=float))
    features = np.column_stack(columns)
    weights, covariance = _logistic(features, wins)
    level = features.copy()
    level[:, 1] = 0.0
    chances = _sigmoid(level @ weights)
    rate = float(chances.mean())
    slope = (level * (chances * (1 - chances))[:, None]).mean(axis=0)
    error = _NORMAL * float(np.sqrt(slope @ covariance @ slope))
    return LengthControlled(
        win_rate=rate,
        low=max(0.0, rate - error),
        high=min(1.0, rate + error),
        raw=float(wins.mean()),
        length_effect=float(weights[1]),
        difficulty_effect=float(weights[2]) if difficulties is not None else None,
    )


def _logistic(features: Any, wins: Any) -> tuple[Any, Any]:
    """(weights, covariance) by Newton's steps. A weak prior on every weight keeps all-won runs finite."""
    precision = np.diag([1e-2, 1 / _PRIOR**2, *[1e-2] * (features.shape[1] - 2)])
    weights = np.zeros(features.shape[1])
    for _ in range(50):
        chances = _sigmoid(features @ weights)
        gradient = features.T @ (wins - chances) - precision @ weights
        curvature = (features.T * (chances * (1 - chances))) @ features + precision
        step = np.linalg.solve(curvature, gradient)
        weights = weights + step / max(1.0, float(np.abs(step).max()) / 4)
        if float(np.abs(step).max()) < 1e-9:
            break
    return weights, np.linalg.inv(curvature)


def _sigmoid(values: Any) -> Any:
    return 1 / (1 + np.exp(-np.clip(values, -40, 40)))
