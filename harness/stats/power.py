"""Before any GPU minute: what size of drop a benchmark can see, and how many items a wanted one needs.

`flips` is the share of the items whose 0/1 score changes at all (the discordance π); an effect is a drop in score
units (0.01 is one point). With an effect δ a flip is a loss with probability ½ + δ/2π.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from holdfast.stats.interval import score_lower
from holdfast.stats.paired import Array, mcnemar_midp

_MANY = 1e9
"""Items: the limit of many."""


def mde(n: ArrayLike, flips: ArrayLike, alpha: float = 0.05, power: float = 0.8, tests: ArrayLike = 1) -> Array:
    """The smallest drop found with probability `power` by a one-sided test at α/tests: (z_α + z_β)·√(π/n).

    `tests` is the family's size (Holm's first step). At most 1. Where it is more than π it is too small: such a drop
    flips more items than π. Source: the normal approximation of McNemar's test (Connor 1987; Miller, arXiv 2411.00640,
    section 5).
    """
    size, pi = np.asarray(n, dtype=float), np.asarray(flips, dtype=float)
    reach = special.ndtri(1 - alpha / np.asarray(tests, dtype=float)) + special.ndtri(power)
    return np.asarray(np.minimum(reach * np.sqrt(pi / size), 1.0))


def items_needed(
    effect: ArrayLike, flips: ArrayLike, alpha: float = 0.05, power: float = 0.8, tests: ArrayLike = 1
) -> Array:
    """The number of items at which `mde` equals `effect`: π·((z_α + z_β)/δ)², rounded up."""
    reach = special.ndtri(1 - alpha / np.asarray(tests, dtype=float)) + special.ndtri(power)
    return np.asarray(np.ceil(np.asarray(flips) * (reach / np.asarray(effect, dtype=float)) ** 2))


def items_for_margin(margin: ArrayLike, flips: ArrayLike, alpha: float = 0.05, probability: float = 0.8) -> Array:
    """Items at which an unchanged model is called non-inferior at `margin` with `probability`.

    n = π·((z_α + z_β)/m)², and at least what clears it when nothing flips: λ/m, the bound then being −λ/n.
    """
    m = np.asarray(margin, dtype=float)
    fewest = -_MANY * score_lower(0, 0, _MANY, alpha) / m
    return np.asarray(np.ceil(np.maximum(items_needed(m, flips, alpha, probability), fewest)))


def variance_of_difference(
    flips: ArrayLike, noise: ArrayLike, repeats: ArrayLike = 1, before: ArrayLike | None = None
) -> Array:
    """Variance of an item's difference of means over `repeats` samples per run; it replaces `flips` above.

    Of the flips of single samples, `noise` is what two runs of the *same* model show (A/A; 0 when greedy); repeating
    averages only that, half of it being each run's: (π − noise) + noise/2·(1/k + 1/`before`). `before`: the samples of
    the run before where it has another number. Source: Miller, arXiv 2411.00640, section 3.1.
    """
    pi, aa, after = (np.asarray(x, dtype=float) for x in (flips, noise, repeats))
    first = after if before is None else np.asarray(before, dtype=float)
    aa = np.minimum(aa, pi)
    return np.asarray(pi - aa + aa / 2 * (1 / after + 1 / first))


def mcnemar_power(n: int, flips: float, effect: float, alpha: float = 0.05) -> float:
    """The exact power of the one-sided mid-p McNemar test at level α against a drop `effect` (enumerated).

    Σ_m Bin(m; n, π) · P(reject | m flips), the loss probability of a flip being ½ + effect/2π.
    """
    if flips <= 0:
        return 0.0
    share = min(1.0, 0.5 + effect / (2 * flips))
    spread = 8 * np.sqrt(n * flips * (1 - flips)) + 8
    m = np.arange(max(0, int(n * flips - spread)), min(n, int(n * flips + spread)) + 1, dtype=np.float64)
    weight = _binomial_pmf(m, n, flips)
    needed = critical_losses(m, alpha)
    found = np.where(needed <= m, _binomial_tail(needed, m, share), 0.0)
    return float(np.sum(weight * found))


def critical_losses(flips: ArrayLike, alpha: float = 0.05) -> Array:
    """The fewest losses among `flips` flips at which the mid-p test rejects; flips + 1 when none does."""
    m = np.asarray(flips, dtype=float)
    low, high = np.floor(m / 2), m + 1
    while np.any(high - low > 1):
        middle = np.floor((low + high) / 2)
        rejects = mcnemar_midp(middle, m - middle) <= alpha
        high = np.where(rejects & (high - low > 1), middle, high)
        low = np.where(~rejects & (high - low > 1), middle, low)
    return np.asarray(high)


def _binomial_tail(x: Array, m: Array, p: float) -> Array:
    """P(X ≥ x), x ≥ 1."""
    return np.asarray(special.betainc(np.maximum(x, 1), np.maximum(m - x + 1, 1), p))


def _binomial_pmf(x: Array, n: int, p: float) -> Array:
    log = special.gammaln(n + 1) - special.gammaln(x + 1) - special.gammaln(n - x + 1)
    return np.asarray(np.exp(log + special.xlogy(x, p) + special.xlog1py(n - x, -p)))
