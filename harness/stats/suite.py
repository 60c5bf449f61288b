"""The suite's decision when nothing changed: how often it passes, and the smallest margin it can decide.

A suite passes when Holm rejects nothing among its benchmarks and the lower bound of their macro mean is above
−margin. Both are simulated together (they are not independent) with the very tests of a comparison.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from holdfast.stats.omnibus import Strata, lower_bound
from holdfast.stats.paired import Array, mcnemar_midp

ROUNDING = 1e-4
"""Default margins are rounded up to a hundredth of a point, so that the printed one is the one used."""
LARGEST = 0.2
"""No default margin is larger: to rule out less than this is no pass, however few the items are."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Simulated suites in which no benchmark changed."""

    lower: Array
    """Lower one-sided bound of the macro difference, one per simulation."""
    rejected: NDArray[np.bool_]
    """Whether Holm rejected any benchmark (a false alarm)."""

    def passes(self, margin: float) -> float:
        """The share of the simulations that pass at `margin`."""
        return float(np.mean(~self.rejected & (self.lower > -margin)))

    def margin(self, probability: float = 0.8) -> float:
        """The smallest margin that `probability` of the simulations pass, rounded up to 0.01 points, at most `LARGEST`.

        1.0 when false alarms alone leave fewer than that.
        """
        needed = np.sort(np.where(self.rejected, np.inf, -self.lower))
        exact = float(needed[min(int(np.ceil(probability * needed.size)), needed.size) - 1])
        if not np.isfinite(exact):
            return 1.0
        return min(LARGEST, round((math.floor(exact / ROUNDING) + 1) * ROUNDING, 4))


def draw(
    n: ArrayLike,
    flips: ArrayLike,
    *,
    effect: ArrayLike = 0.0,
    se: ArrayLike | None = None,
    simulations: int = 10_000,
    seed: int = 0,
) -> Strata:
    """Suites drawn at random: benchmark k has n[k] items, a share flips[k] of them flips, effect[k] is its true change.

    `se`: where it is finite, that benchmark's difference is drawn as normal with this standard error instead (scores
    other than 0/1, clusters).
    """
    size, pi, change = np.broadcast_arrays(np.atleast_1d(np.asarray(n)), np.asarray(flips, float), effect)
    rng = np.random.default_rng(seed)
    changed = rng.binomial(size.astype(np.int64), pi, size=(simulations, size.size))
    with np.errstate(invalid="ignore", divide="ignore"):
        losing = np.where(pi > 0, np.clip(0.5 - change / (2 * pi), 0.0, 1.0), 0.5)
    tables = Strata.of_tables(lost := rng.binomial(changed, losing), changed - lost, size)
    if se is None:
        return tables
    scale = np.broadcast_to(np.asarray(se, dtype=float), tables.n.shape)
    normal = change + scale * rng.standard_normal(scale.shape)
    difference = np.where(np.isnan(scale), tables.difference, normal)
    return Strata(difference, tables.n, tables.lost, tables.gained, scale, np.full(scale.shape, np.nan))


def p_values(strata: Strata) -> Array:
    """One-sided p of each benchmark: mid-p McNemar, or z where a standard error stands in for the table."""
    exact = mcnemar_midp(strata.lost, strata.gained)
    if np.isnan(strata.se).all():
        return exact
    spread = np.sqrt(np.maximum(strata.variance, 1e-300))
    return np.asarray(np.where(np.isnan(strata.se), exact, special.ndtr(strata.difference / spread)))


def simulate_unchanged(
    n: ArrayLike,
    flips: ArrayLike,
    *,
    se: ArrayLike | None = None,
    alpha: float = 0.05,
    simulations: int = 10_000,
    seed: int = 0,
) -> Unchanged:
    """The decisions on suites in which nothing changed (see `draw`)."""
    strata = draw(n, flips, se=se, simulations=simulations, seed=seed)
    bound = lower_bound(strata, "macro", float(special.ndtri(1 - alpha)), precision=1e-7)
    # Holm rejects something exactly when its first step does: the smallest p against α/K.
    return Unchanged(bound, p_values(strata).min(axis=-1) <= alpha / strata.n.shape[-1])


def decidable_margin(
    n: ArrayLike,
    flips: ArrayLike,
    *,
    se: ArrayLike | None = None,
    alpha: float = 0.05,
    probability: float = 0.8,
    simulations: int = 10_000,
    seed: int = 0,
) -> float:
    """The default margin: what this suite can decide with `probability` when nothing changed."""
    unchanged = simulate_unchanged(n, flips, se=se, alpha=alpha, simulations=simulations, seed=seed)
    return unchanged.margin(probability)
