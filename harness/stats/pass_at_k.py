"""pass@k and pass^k from n samples per item, unbiased."""

import numpy as np
from numpy.typing import ArrayLike

from holdfast.stats.paired import Array


def pass_at_k(n: ArrayLike, correct: ArrayLike, k: int) -> Array:
    """P(at least one of k samples is right), per item: 1 − C(n−c, k)/C(n, k).

    Raises ValueError when an item has fewer than k samples. Source: M. Chen et al., arXiv 2107.03374, equation 1.
    """
    size, right = _checked(n, correct, k)
    return np.asarray(1.0 - _share(size - right, size, k))


def pass_hat_k(n: ArrayLike, correct: ArrayLike, k: int) -> Array:
    """P(all of k samples are right), per item: C(c, k)/C(n, k). Source: tau-bench, arXiv 2406.12045."""
    size, right = _checked(n, correct, k)
    return _share(right, size, k)


def _share(part: Array, whole: Array, k: int) -> Array:
    """C(part, k)/C(whole, k) = Π_{i<k} (part − i)/(whole − i)."""
    steps = np.arange(k)
    factors = (part[..., None] - steps) / (whole[..., None] - steps)
    return np.asarray(np.prod(np.clip(factors, 0.0, None), axis=-1))


def _checked(n: ArrayLike, correct: ArrayLike, k: int) -> tuple[Array, Array]:
    size, right = np.broadcast_arrays(np.asarray(n, dtype=float), np.asarray(correct, dtype=float))
    if k < 1 or np.any(size < k):
        raise ValueError(f"pass@{k} needs at least {k} samples per item; the fewest here: {size.min():.0f}")
    return size, right
