"""Paired 0/1 scores: the score interval of the difference and the mid-p McNemar test.

A benchmark's 2×2 table enters as `lost` (right before, wrong after), `gained` (wrong before, right after) and `n`.
All functions take arrays of any broadcastable shape: a whole simulation is one call.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Array = NDArray[np.float64]
Alternative = Literal["regressed", "improved", "two-sided"]

_BISECTIONS = 48
"""Limits to 2/2^48 ≈ 1e-14."""


def tango_interval(lost: ArrayLike, gained: ArrayLike, n: ArrayLike, confidence: float = 0.95) -> tuple[Array, Array]:
    """The score interval (low, high) of the difference after − before = (gained − lost)/n, two-sided.

    The limits are the Δ at which the score statistic of `tango_statistic` equals ±z. Defined for empty and for full
    cells, where Wald intervals collapse: no flip among n items gives ±z²/(n+z²).
    Source: T. Tango, Statistics in Medicine 17 (1998) 891–908.
    """
    b, c, size = _counts(lost, gained, n)
    z = float(special.ndtri(0.5 + confidence / 2))
    return lower_limit(b, c, size, z), -lower_limit(c, b, size, z)


def tango_lower(lost: ArrayLike, gained: ArrayLike, n: ArrayLike, alpha: float = 0.05) -> Array:
    """The one-sided lower confidence bound at level 1 − α: non-inferior when it is above −margin."""
    return lower_limit(lost, gained, n, float(special.ndtri(1 - alpha)))


def tango_statistic(lost: ArrayLike, gained: ArrayLike, n: ArrayLike, difference: ArrayLike) -> Array:
    """The score statistic for H0: difference = Δ; standard normal under H0, negative when the data lie below Δ.

    T(Δ) = (gained − lost − nΔ) / sqrt(n(2q + Δ(1−Δ))), q = the maximum-likelihood P(lost) under H0
         = (sqrt(B² − 8nC) − B) / 4n, B = −gained − lost + (2n − gained + lost)Δ, C = −lost·Δ(1−Δ).
    """
    b, c, size = _counts(lost, gained, n)
    delta = np.asarray(difference, dtype=float)
    linear = -c - b + (2 * size - c + b) * delta
    constant = -b * delta * (1 - delta)
    root = np.sqrt(np.maximum(linear**2 - 8 * size * constant, 0.0))
    q = np.maximum(root - linear, 0.0) / (4 * size)
    variance = size * (2 * q + delta * (1 - delta))
    numerator = c - b - size * delta
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = numerator / np.sqrt(np.maximum(variance, 0.0))
    limit = np.where(numerator > 0, np.inf, np.where(numerator < 0, -np.inf, 0.0))
    return np.asarray(np.where(variance > 0, statistic, limit))


def tango_p(lost: ArrayLike, gained: ArrayLike, n: ArrayLike, difference: ArrayLike, below: bool = True) -> Array:
    """One-sided p of H0: the difference is `difference` or more (`below`; else: or less)."""
    statistic = tango_statistic(lost, gained, n, difference)
    return np.asarray(special.ndtr(statistic if below else -statistic))


def mcnemar_midp(lost: ArrayLike, gained: ArrayLike, alternative: Alternative = "regressed") -> Array:
    """The mid-p McNemar test of H0: a flip is as often a loss as a gain.

    regressed: P(X ≥ lost) − ½P(X = lost), X ~ Binomial(lost + gained, ½); improved: the same with the roles swapped;
    two-sided: twice the smaller, at most 1. Without flips the one-sided p is ½.
    Source: M. Fagerland, S. Lydersen, P. Laake, BMC Med. Res. Methodology 13:91 (2013).
    """
    b, c = np.broadcast_arrays(np.asarray(lost, dtype=float), np.asarray(gained, dtype=float))
    if alternative == "regressed":
        return _upper_midp(b, b + c)
    if alternative == "improved":
        return _upper_midp(c, b + c)
    return np.asarray(np.minimum(1.0, 2 * np.minimum(_upper_midp(b, b + c), _upper_midp(c, b + c))))


def _upper_midp(x: Array, m: Array) -> Array:
    """P(X ≥ x) − ½P(X = x) = ½(P(X ≥ x) + P(X ≥ x + 1)) for X ~ Binomial(m, ½)."""
    return np.asarray((_at_least(x, m) + _at_least(x + 1, m)) / 2)


def _at_least(x: Array, m: Array) -> Array:
    inside = (x >= 1) & (x <= m)
    tail = special.betainc(np.where(inside, x, 1.0), np.where(inside, m - x + 1, 1.0), 0.5)
    return np.where(inside, tail, np.where(x < 1, 1.0, 0.0))


def lower_limit(lost: ArrayLike, gained: ArrayLike, n: ArrayLike, z: ArrayLike) -> Array:
    """The Δ below the observed difference at which the score statistic is z ≥ 0, by bisection (T falls in Δ)."""
    b, c, size = _counts(lost, gained, n)
    goal = np.asarray(z, dtype=float)
    high = np.broadcast_to((c - b) / size, np.broadcast_shapes(b.shape, goal.shape))
    low = np.full_like(high, -1.0)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        inside = tango_statistic(b, c, size, middle) < goal
        high = np.where(inside, middle, high)
        low = np.where(inside, low, middle)
    return np.asarray((low + high) / 2)


def _counts(lost: ArrayLike, gained: ArrayLike, n: ArrayLike) -> tuple[Array, Array, Array]:
    arrays = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (lost, gained, n)))
    return arrays[0], arrays[1], arrays[2]
