"""Bradley–Terry strengths of pairwise judgements, with intervals."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special
from scipy.sparse.csgraph import connected_components

from holdfast.errors import DataError
from holdfast.stats.paired import Array

_STEPS, _PRECISION = 200, 1e-12


@dataclass(frozen=True, slots=True)
class Strengths:
    """Log-strengths that sum to 0: player i beats j with probability 1/(1 + exp(s_j − s_i))."""

    strength: Array
    covariance: Array

    def intervals(self, confidence: float = 0.95) -> tuple[Array, Array]:
        """Wald limits of each strength."""
        reach = float(special.ndtri(0.5 + confidence / 2)) * np.sqrt(np.diag(self.covariance))
        return self.strength - reach, self.strength + reach

    def win_probability(self, i: int, j: int, confidence: float = 0.95) -> tuple[float, float, float]:
        """P(i beats j) and its interval (from the interval of s_i − s_j)."""
        gap = float(self.strength[i] - self.strength[j])
        variance = self.covariance[i, i] + self.covariance[j, j] - 2 * self.covariance[i, j]
        reach = float(special.ndtri(0.5 + confidence / 2) * np.sqrt(variance))
        middle, low, high = special.expit([gap, gap - reach, gap + reach])
        return float(middle), float(low), float(high)

    def elo(self, mean: float = 1000.0) -> Array:
        """Strengths on Elo's scale: 400 points are odds of 10 to 1."""
        return np.asarray(mean + self.strength * 400 / np.log(10))


def bradley_terry(wins: ArrayLike) -> Strengths:
    """Maximum-likelihood strengths of `wins[i, j]` = times i beat j (a tie is half a win for each).

    Newton's method on the concave log-likelihood, covariance = pseudo-inverse of the Fisher information
    Σ n_ij p_ij (1 − p_ij). Raises DataError when no maximum exists: a group of players that never lost (or never won)
    against the rest. Source: R. Bradley and M. Terry, Biometrika 39 (1952); existence: L. Ford (1957).
    """
    table = np.array(wins, dtype=float)
    np.fill_diagonal(table, 0.0)
    groups, labels = connected_components(table > 0, directed=True, connection="strong")
    if groups > 1:
        alone = np.flatnonzero(labels == np.argmin(np.bincount(labels)))
        raise DataError(f"no finite strengths: players {alone.tolist()} never won or never lost against the rest")
    games, strength = table + table.T, np.zeros(table.shape[0])
    for _ in range(_STEPS):
        gradient, information = _derivatives(table, games, strength)
        step = np.linalg.pinv(information, hermitian=True) @ gradient
        strength = strength + step / max(1.0, float(np.abs(step).max()))
        if float(np.abs(step).max()) < _PRECISION:
            break
    strength -= strength.mean()
    covariance = np.linalg.pinv(_derivatives(table, games, strength)[1], hermitian=True)
    return Strengths(strength, np.asarray(covariance, dtype=np.float64))


def _derivatives(wins: Array, games: Array, strength: Array) -> tuple[Array, Array]:
    p = special.expit(strength[:, None] - strength[None, :])
    weight = games * p * (1 - p)
    return (wins - games * p).sum(axis=1), np.diag(weight.sum(axis=1)) - weight
