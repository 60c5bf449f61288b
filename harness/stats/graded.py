"""Paired scores that are not 0/1 (graded judgements, means of repeats), as flips of one size.

n differences d with sums of losses and gains enter the score interval as if flips of the size c had been seen:

    c = Σd² / Σ|d|,   lost = Σ(−d)₊ / c,   gained = Σ(d)₊ / c,   difference = c·(gained − lost)/n

Mean and variance are those of the data, and the skewness that a few losses among many unchanged items have is that of
a table of flips: the t interval misses 12 % instead of 5 there. For 0/1 scores c = 1 and nothing changes. One flip of
size 1 is added to both sums of c: a handful of small changes is no proof that none is large.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from holdfast.stats.interval import lower_limit, score_p
from holdfast.stats.means import Estimate
from holdfast.stats.paired import Array


@dataclass(frozen=True, slots=True)
class Graded:
    """A benchmark of graded scores as a table of flips of the size `scale`; the counts need not be whole."""

    lost: float
    gained: float
    n: int
    scale: float

    @classmethod
    def of(cls, differences: ArrayLike) -> "Graded":
        """The table of differences in [−1, 1]."""
        d = np.asarray(differences, dtype=float)
        down, up, squares = float(-d[d < 0].sum()), float(d[d > 0].sum()), float(np.sum(d**2))
        scale = (squares + 1.0) / (down + up + 1.0)
        return cls(down / scale, up / scale, d.size, scale)

    @property
    def df(self) -> float:
        """Degrees of freedom of the estimated size of flips."""
        return max(self.n - 1.0, 1.0)

    def lower(self, confidence: float) -> float:
        """One-sided lower confidence bound of the difference."""
        return self.scale * float(lower_limit(self.lost, self.gained, self.n, self._z(confidence)))

    def upper(self, confidence: float) -> float:
        """One-sided upper confidence bound."""
        return -self.scale * float(lower_limit(self.gained, self.lost, self.n, self._z(confidence)))

    def p_below(self, difference: float) -> float:
        """One-sided p of H0: the difference is `difference` or more. Dual to `upper`, but for z in the place of t."""
        return float(score_p(self.lost, self.gained, self.n, difference / self.scale))

    def _z(self, confidence: float) -> float:
        return float(special.stdtrit(self.df, confidence))


def unequal_repeats(differences: Array) -> Estimate:
    """A mean difference whose p values allow for skewness: means of more answers against means of fewer are skewed.

    The t statistic with Johnson's correction, T + γ(1 + 2T²)/(6√n), enters as the mean in units of its error.
    Source: N. Johnson, J. American Statistical Association 73 (1978).
    """
    d = np.asarray(differences, dtype=float)
    spread = float(d.std(ddof=1)) if d.size > 1 else 0.0
    if spread == 0:
        return Estimate(float(d.mean()), 0.0, d.size - 1.0)
    error = spread / np.sqrt(d.size)
    t = float(d.mean()) / error
    skewness = float(np.mean((d - d.mean()) ** 3)) / spread**3
    return Estimate((t + skewness * (1 + 2 * t**2) / (6 * np.sqrt(d.size))) * error, float(error), d.size - 1.0)
