"""The held benchmarks together: macro (mean of benchmarks) and micro (mean of items), with non-inferiority bounds."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from holdfast.stats.interval import lower_limit, moments, skewed
from holdfast.stats.paired import Array, mcnemar_midp

Weighting = Literal["macro", "micro"]
_ROUGH = 1e-5
"""Precision of the limits at which the skewness of a sum is taken."""


@dataclass(frozen=True, slots=True)
class Strata:
    """Independent benchmarks along the last axis; leading axes are simulations.

    A benchmark of 0/1 scores is its table (`lost`, `gained`, `n`) with `se` NaN; graded scores are a table of flips of
    the size `scale` with n − 1 as `df` (see stats/graded); a clustered one is its `difference` with `se` and `df`.
    """

    difference: Array
    n: Array
    lost: Array
    gained: Array
    se: Array
    df: Array
    scale: Array | None = None
    """Score units per flip; None: 1 everywhere."""
    null: Array | None = None
    """Standard error when nothing changed, where it is not that of a table; NaN elsewhere."""

    @classmethod
    def of_tables(cls, lost: ArrayLike, gained: ArrayLike, n: ArrayLike) -> "Strata":
        """Benchmarks of 0/1 scores."""
        arrays = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (lost, gained, n)))
        b, c, size = arrays[0], arrays[1], arrays[2]
        nothing = np.full(size.shape, np.nan)
        return cls((c - b) / size, size, b, c, nothing, nothing)

    @property
    def variance(self) -> Array:
        """Variance of each difference when nothing changed: (lost + gained)/n², at least that of one flip."""
        table = np.maximum(self.lost + self.gained, 1.0) * (self.sizes / self.n) ** 2
        other = self.se if self.null is None else np.where(np.isnan(self.null), self.se, self.null)
        return np.asarray(np.where(np.isnan(self.se), table, other**2))

    @property
    def sizes(self) -> Array:
        """Score units per flip."""
        return np.ones(self.n.shape) if self.scale is None else self.scale

    @property
    def mirrored(self) -> "Strata":
        """These strata with losses and gains exchanged."""
        return replace(self, difference=-self.difference, lost=self.gained, gained=self.lost)

    def take(self, chosen: NDArray[np.bool_]) -> "Strata":
        """Some of the benchmarks."""
        return Strata(
            self.difference[..., chosen],
            self.n[..., chosen],
            self.lost[..., chosen],
            self.gained[..., chosen],
            self.se[..., chosen],
            self.df[..., chosen],
            scale=None if self.scale is None else self.scale[..., chosen],
            null=None if self.null is None else self.null[..., chosen],
        )

    def weights(self, by: Weighting) -> Array:
        """Shares that sum to 1."""
        if by == "micro":
            return np.asarray(self.n / self.n.sum(axis=-1, keepdims=True))
        return np.full(self.n.shape, 1.0 / self.n.shape[-1])


def lower_bound(strata: Strata, by: Weighting, z: float, precision: float = 1e-14) -> Array:
    """The lower confidence bound of Σ w·Δ at z standard errors (z = 1.645: one-sided 95 %).

    Σ w_k·l_k(z_k): every benchmark's own lower limit, the score limit for 0/1 scores, at the share
    z_k = z·w_k·se_k / SE of the distance that falls on it (Σ z_k² = z²), which is where the joint score test would be
    just rejected. z is first corrected for the skewness of the sum, Σ w³μ₃ / (Σ w²se²)^(3/2) at those limits. One
    benchmark: exactly its own limit. Many: Wald's efficiency without Wald's collapse when hardly anything flips.
    """
    if strata.n.shape[-1] == 1:
        return np.asarray(_limits(strata, np.full(strata.n.shape, z), None, precision)[..., 0])
    weights, se = strata.weights(by), np.sqrt(strata.variance)
    total = np.sqrt(np.sum((weights * se) ** 2, axis=-1, keepdims=True))
    share = np.divide(weights * se, total, out=np.zeros(se.shape), where=total > 0)
    goal = np.full(total.shape, z)
    first = skewed(goal, _skewness(strata, weights, _limits(strata, goal * share, share, _ROUGH)))
    second = skewed(goal, _skewness(strata, weights, _limits(strata, first * share, share, _ROUGH)))
    # Where repeating this would lead (Aitken): three limits are dear enough for a simulation of ten thousand suites.
    bend = second - 2 * first + goal
    reach = second - np.divide((second - first) ** 2, bend, out=np.zeros(bend.shape), where=np.abs(bend) > 1e-12)
    return np.asarray(np.sum(weights * _limits(strata, reach * share, share, precision), axis=-1))


def upper_bound(strata: Strata, by: Weighting, z: float) -> Array:
    """The mirror image of `lower_bound`."""
    return np.asarray(-lower_bound(strata.mirrored, by, z))


def combined_difference(strata: Strata, by: Weighting) -> Array:
    """The weighted sum of the differences, Σ w·d."""
    return np.asarray(np.sum(strata.weights(by) * strata.difference, axis=-1))


def p_regressed(strata: Strata, by: Weighting) -> Array:
    """One-sided p of H0: no benchmark changed, against a drop of the weighted mean.

    Micro over 0/1 scores: exact mid-p of the pooled flips (Binomial(all flips, ½) when nothing changed). Otherwise
    Φ(Σwd / sqrt(Σ w²se²)), se that of no change.
    """
    if by == "micro" and np.isnan(strata.se).all() and strata.scale is None:
        return mcnemar_midp(strata.lost.sum(axis=-1), strata.gained.sum(axis=-1))
    weights = strata.weights(by)
    spread = np.sqrt(np.sum(weights**2 * strata.variance, axis=-1))
    mean = combined_difference(strata, by)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(special.ndtr(np.where(spread > 0, mean / spread, np.sign(mean) * np.inf)))


def _skewness(strata: Strata, weights: Array, limits: Array) -> Array:
    """Skewness of Σ w·d under the differences `limits`; benchmarks with a standard error add none. Last axis kept."""
    tables = np.isnan(strata.se)
    n = np.where(tables, strata.n, 2.0)
    lost, gained = np.where(tables, strata.lost, 0.0), np.where(tables, strata.gained, 0.0)
    size = strata.sizes
    spread, skewness = moments(lost, gained, n, np.where(tables, limits / size, 0.0))
    se = np.where(tables, size * spread / n, strata.se)
    third = np.where(tables, skewness, 0.0) * se**3
    variance = np.sum((weights * se) ** 2, axis=-1, keepdims=True)
    total = np.sum(weights**3 * third, axis=-1, keepdims=True)
    return np.asarray(np.divide(total, variance**1.5, out=np.zeros(total.shape), where=variance > 0))


def _limits(strata: Strata, z: Array, share: Array | None, precision: float) -> Array:
    tables = np.isnan(strata.se)
    n = np.where(tables, strata.n, 2.0)
    lost, gained = np.where(tables, strata.lost, 0.0), np.where(tables, strata.gained, 0.0)
    reach = np.where(np.isnan(strata.df), z, special.stdtrit(np.maximum(strata.df, 1), special.ndtr(z)))
    scores = strata.sizes * lower_limit(lost, gained, n, np.where(tables, reach, 1.0), share, precision)
    return scores if tables.all() else np.asarray(np.where(tables, scores, strata.difference - reach * strata.se))
