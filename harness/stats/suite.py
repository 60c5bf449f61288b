"""The decision over a suite, for `compare` and for `plan`: how α is shared, what is proven, what a suite can decide.

Hypotheses are "this benchmark did not drop", one per judged benchmark, and "the mean of the held ones did not drop".
They share α by a weighted Holm procedure: `MEAN_SHARE` of it is the mean's, the rest the benchmarks'. (Chosen by
simulation: with a fifth for the mean, a drop of all ten usual benchmarks that the mean alone would find in 80 % is
found in 63 % instead of 31, and a lone drop of 4 points in .928 instead of .936.) A suite passes when none is rejected
and the lower bound of the mean is above −margin. Both are simulated together (they are not independent) with the very
tests of a comparison.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from holdfast.stats.multiple import weighted_holm
from holdfast.stats.omnibus import Strata, lower_bound, p_regressed
from holdfast.stats.paired import Array, mcnemar_midp

ROUNDING = 1e-4
"""Default margins are rounded up to a hundredth of a point, so that the printed one is the one used."""
LARGEST = 0.05
"""No default margin is larger: a suite that cannot rule out a drop of five points must not pass for that."""
MEAN_SHARE = 0.2
"""The share of α for the mean of the held benchmarks, where there is a mean of several."""


@dataclass(frozen=True, slots=True)
class Design:
    """Who is judged, who is in the mean, and each hypothesis' part of α."""

    in_mean: NDArray[np.bool_]
    """Which of the judged benchmarks are in the mean."""
    weights: Array
    """A part of α per benchmark; the last is the mean's."""

    @classmethod
    def of(cls, in_mean: ArrayLike, parts: ArrayLike | None = None, whole: float = 1.0) -> "Design":
        """Parts of α: the mean's where two or more benchmarks make one, and the rest by `parts` (None: equal ones).

        `whole` is what this suite has of α: 1/R for each of R comparisons with one baseline.
        """
        mask = np.asarray(in_mean, dtype=bool)
        each = np.ones(mask.shape) if parts is None else np.asarray(parts, dtype=float)
        mean = MEAN_SHARE if mask.sum() > 1 else 0.0
        shared = each * (1 - mean) / each.sum() if each.size else each
        return cls(mask, whole * np.append(shared, mean))

    def adjusted(self, strata: Strata, p: ArrayLike) -> Array:
        """Adjusted p values of the drops, the mean's last: proven where ≤ α. `p` are the benchmarks' own."""
        own = np.asarray(p, dtype=float)
        mean = np.ones(own.shape[:-1])
        if self.weights[-1] > 0:
            mean = p_regressed(strata.take(self.in_mean), "macro")
        return weighted_holm(np.append(own, mean[..., None], axis=-1), self.weights)


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Simulated suites in which no benchmark changed."""

    lower: Array
    """Lower one-sided bound of the macro difference, one per simulation."""
    rejected: NDArray[np.bool_]
    """Whether anything was rejected (a false alarm)."""

    def passes(self, margin: float) -> float:
        """The share of the simulations that pass at `margin`."""
        return float(np.mean(~self.rejected & (self.lower > -margin)))

    def margin(self, probability: float = 0.8) -> float:
        """The smallest margin that `probability` of the simulations pass, rounded up to 0.01 points, at most `LARGEST`.

        `LARGEST` when false alarms alone leave fewer than that.
        """
        needed = np.sort(np.where(self.rejected, np.inf, -self.lower))
        exact = float(needed[min(int(np.ceil(probability * needed.size)), needed.size) - 1])
        if not np.isfinite(exact):
            return LARGEST
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
    design: Design | None = None,
    simulations: int = 10_000,
    seed: int = 0,
) -> Unchanged:
    """The decisions on suites in which nothing changed (see `draw`)."""
    strata = draw(n, flips, se=se, simulations=simulations, seed=seed)
    chosen = design or Design.of(np.ones(strata.n.shape[-1], dtype=bool))
    rejected = np.any(chosen.adjusted(strata, p_values(strata)) <= alpha, axis=-1)
    bound = lower_bound(strata.take(chosen.in_mean), "macro", float(special.ndtri(1 - alpha)), precision=1e-7)
    return Unchanged(bound, np.asarray(rejected))


def proven(
    n: ArrayLike,
    flips: ArrayLike,
    effect: ArrayLike,
    *,
    se: ArrayLike | None = None,
    alpha: float = 0.05,
    design: Design | None = None,
    simulations: int = 10_000,
    seed: int = 0,
) -> NDArray[np.bool_]:
    """What is proven when each benchmark's true change is `effect`: (simulations, benchmarks and the mean)."""
    strata = draw(n, flips, effect=effect, se=se, simulations=simulations, seed=seed)
    chosen = design or Design.of(np.ones(strata.n.shape[-1], dtype=bool))
    return np.asarray(chosen.adjusted(strata, p_values(strata)) <= alpha)


def decidable_margin(
    n: ArrayLike,
    flips: ArrayLike,
    *,
    se: ArrayLike | None = None,
    alpha: float = 0.05,
    probability: float = 0.8,
    design: Design | None = None,
    simulations: int = 10_000,
    seed: int = 0,
) -> float:
    """The default margin: what this suite can decide with `probability` when nothing changed."""
    unchanged = simulate_unchanged(n, flips, se=se, alpha=alpha, design=design, simulations=simulations, seed=seed)
    return unchanged.margin(probability)
