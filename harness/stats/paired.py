"""Paired 0/1 scores: the mid-p McNemar test. (The interval of the difference: stats/interval.)

A benchmark's flips enter as `lost` (right before, wrong after) and `gained` (wrong before, right after), arrays of any
broadcastable shape: a whole simulation is one call.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Array = NDArray[np.float64]
Alternative = Literal["regressed", "improved", "two-sided"]


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
