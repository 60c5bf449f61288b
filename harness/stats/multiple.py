"""Many tests at once, along the last axis: Holm (family-wise), also with unequal shares, and Benjamini–Hochberg."""

import numpy as np
from numpy.typing import ArrayLike

from holdfast.stats.paired import Array


def holm(p: ArrayLike) -> Array:
    """Holm-adjusted p values: reject where ≤ α and the chance of any false rejection is ≤ α, whatever the dependence.

    p_(i) → max_{j ≤ i} min(1, (K − j + 1)·p_(j)). Source: S. Holm, Scand. J. Statistics 6 (1979) 65–70.
    """
    values = np.asarray(p, dtype=float)
    if values.size == 0:
        return values
    order = np.argsort(values, axis=-1, kind="stable")
    factors = np.arange(values.shape[-1], 0, -1)
    ranked = np.take_along_axis(values, order, axis=-1) * factors
    adjusted = np.minimum(np.maximum.accumulate(ranked, axis=-1), 1.0)
    return _unsort(adjusted, order)


def weighted_holm(p: ArrayLike, weights: ArrayLike) -> Array:
    """Holm's procedure with unequal shares of α: reject where ≤ α; the chance of any false rejection is ≤ α·Σ weights.

    In the order of p/w: p_(i) → max_{j ≤ i} min(1, p_(j)·(Σ_{l ≥ j} w_l)/(w_(j)·Σw)); with Σw ≤ 1 the part
    of α that these hypotheses have. A weight of 0 is never rejected. Equal weights of 1/K: `holm`. Source: S. Holm,
    Scand. J. Statistics 6 (1979), section 4.
    """
    values, shares = np.broadcast_arrays(np.asarray(p, dtype=float), np.asarray(weights, dtype=float))
    if values.size == 0:
        return values
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(shares > 0, values / shares, np.inf)
    order = np.argsort(ratio, axis=-1, kind="stable")
    ranked = np.take_along_axis(ratio, order, axis=-1)
    ordered = np.take_along_axis(shares, order, axis=-1)
    rest = np.cumsum(ordered[..., ::-1], axis=-1)[..., ::-1]
    total = rest[..., :1]
    some = np.isfinite(ranked)
    adjusted = np.where(some, np.where(some, ranked, 0.0) * rest / np.maximum(total, 1e-300), 1.0)
    return _unsort(np.minimum(np.maximum.accumulate(adjusted, axis=-1), 1.0), order)


def benjamini_hochberg(p: ArrayLike) -> Array:
    """BH-adjusted p values (q): reject where ≤ α and the expected share of false ones among the rejected is ≤ α.

    p_(i) → min_{j ≥ i} min(1, K·p_(j)/j). Source: Y. Benjamini and Y. Hochberg, J. Royal Stat. Soc. B 57 (1995).
    """
    values = np.asarray(p, dtype=float)
    if values.size == 0:
        return values
    order = np.argsort(values, axis=-1, kind="stable")
    count = values.shape[-1]
    ranked = np.take_along_axis(values, order, axis=-1) * count / np.arange(1, count + 1)
    adjusted = np.minimum(np.minimum.accumulate(ranked[..., ::-1], axis=-1)[..., ::-1], 1.0)
    return _unsort(adjusted, order)


def _unsort(ranked: Array, order: np.ndarray[tuple[int, ...], np.dtype[np.intp]]) -> Array:
    result = np.empty_like(ranked)
    np.put_along_axis(result, order, ranked, axis=-1)
    return result
