"""Differences that are not 0/1: t intervals and the sign-flip permutation test."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from holdfast.stats.paired import Alternative, Array

_CHUNK = 1 << 22


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean difference with its standard error and the degrees of freedom of its t statistic."""

    mean: float
    se: float
    df: float
    null: float = float("nan")
    """The standard error when nothing changed, where it is another one."""

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Two-sided: mean ± t·se."""
        reach = float(special.stdtrit(self.df, 0.5 + confidence / 2)) * self.se if self.df > 0 else np.inf
        return self.mean - reach, self.mean + reach

    def p(self, alternative: Alternative = "regressed", null: float = 0.0) -> float:
        """p of the t test of H0: the mean is `null`."""
        if self.df <= 0:
            return 1.0 if alternative == "two-sided" else 0.5
        if self.se == 0:
            t = float(np.sign(self.mean - null)) * np.inf if self.mean != null else 0.0
        else:
            t = (self.mean - null) / self.se
        if alternative == "two-sided":
            return float(2 * special.stdtr(self.df, -abs(t)))
        return float(special.stdtr(self.df, t if alternative == "regressed" else -t))


def mean_difference(differences: ArrayLike) -> Estimate:
    """Independent items: se = s/√n, df = n − 1."""
    d = np.asarray(differences, dtype=float)
    if d.size < 2:
        return Estimate(float(d.mean()) if d.size else 0.0, 0.0, 0)
    return Estimate(float(d.mean()), float(d.std(ddof=1) / np.sqrt(d.size)), d.size - 1)


def sign_flip_p(
    differences: ArrayLike,
    alternative: Alternative = "regressed",
    *,
    permutations: int = 9_999,
    seed: int = 0,
) -> float:
    """The sign-flip permutation test of H0: each difference is symmetric about 0 (no distribution assumed).

    Exact over all 2^m sign patterns of the m non-zero differences when there are at most `permutations` of them, else
    Monte Carlo with p = (1 + #as extreme)/(1 + permutations), which is valid, not approximate
    (B. Phipson and G. Smyth, 2010). Deterministic for a seed. Ties within 1e-12 of the sum of sizes count as extreme.
    Where the draws end (fewer than 10 as extreme) the normal tail takes over: a sum of random signs has a lighter one.
    """
    d = np.asarray(differences, dtype=float)
    d = d[d != 0]
    if d.size == 0:
        return 1.0
    if alternative == "improved":
        d = -d
    sizes, observed = np.abs(d), float(d.sum())
    exact = d.size < 62 and 2**d.size <= permutations + 1
    sums = _all_sums(sizes) if exact else _random_sums(sizes, permutations, seed)
    tie = 1e-12 * float(sizes.sum())
    less, more = int(np.sum(sums <= observed + tie)), int(np.sum(sums >= observed - tie))
    extra = 0 if exact else 1
    tails = [(count + extra) / (sums.size + extra) for count in (less, more)]
    if not exact:
        score = observed / float(np.sqrt(np.sum(sizes**2)))
        tails = [
            _far(tail, z, d.size, extra / (sums.size + extra)) for tail, z in zip(tails, (score, -score), strict=True)
        ]
    return min(1.0, 2 * min(tails)) if alternative == "two-sided" else tails[0]


def _far(tail: float, z: float, size: int, least: float) -> float:
    """A p value beyond what the draws can tell: Φ(z), never below 2^−m, never above 10 draws."""
    if tail >= 10 * least:
        return tail
    return min(10 * least, max(float(special.ndtr(z)), 0.5 ** min(size, 1_000)))


def _all_sums(sizes: Array) -> Array:
    sums = np.zeros(1)
    for size in sizes:
        sums = np.concatenate([sums - size, sums + size])
    return sums


def _random_sums(sizes: Array, permutations: int, seed: int) -> Array:
    """Sums under random signs. Equal sizes (means of few repeats) are drawn together as one binomial."""
    rng = np.random.default_rng(seed)
    values, counts = np.unique(sizes, return_counts=True)
    if values.size <= 64:
        heads = rng.binomial(counts, 0.5, size=(permutations, values.size))
        return np.asarray((2.0 * heads - counts) @ values)
    step = max(1, _CHUNK // sizes.size)
    chunks = [
        _signs(rng, min(step, permutations - start), sizes.size) @ sizes for start in range(0, permutations, step)
    ]
    return np.concatenate(chunks)


def _signs(rng: np.random.Generator, rows: int, columns: int) -> Array:
    bits: NDArray[np.uint8] = np.unpackbits(
        np.frombuffer(rng.bytes(-(-rows * columns // 8)), dtype=np.uint8), count=rows * columns
    )
    return 2.0 * bits.reshape(rows, columns).astype(np.float64) - 1.0
