"""Bradley–Terry strengths of pairwise judgements, with intervals.

Win tables may have leading axes: a whole simulation is one call.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

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
        variance = np.diagonal(self.covariance, axis1=-2, axis2=-1)
        reach = float(special.ndtri(0.5 + confidence / 2)) * np.sqrt(variance)
        return self.strength - reach, self.strength + reach

    def win_probability(self, i: int, j: int, confidence: float = 0.95) -> tuple[float, float, float]:
        """P(i beats j) and its interval (from the interval of s_i − s_j), of a single table."""
        gap = float(self.strength[i] - self.strength[j])
        variance = self.covariance[i, i] + self.covariance[j, j] - 2 * self.covariance[i, j]
        reach = float(special.ndtri(0.5 + confidence / 2) * np.sqrt(variance))
        middle, low, high = special.expit([gap, gap - reach, gap + reach])
        return float(middle), float(low), float(high)

    def elo(self, mean: float = 1000.0) -> Array:
        """Strengths on Elo's scale: 400 points are odds of 10 to 1."""
        return np.asarray(mean + self.strength * 400 / np.log(10))


def bradley_terry(wins: ArrayLike) -> Strengths:
    """Maximum-likelihood strengths of `wins[…, i, j]` = times i beat j (a tie is half a win for each).

    Newton's method on the concave log-likelihood, covariance = pseudo-inverse of the Fisher information
    Σ n_ij p_ij (1 − p_ij). Raises DataError when no maximum exists: a group of players that never lost (or never won)
    against the rest. Source: R. Bradley and M. Terry, Biometrika 39 (1952); existence: L. Ford (1957).
    """
    table = np.array(wins, dtype=float)
    players = np.arange(table.shape[-1])
    table[..., players, players] = 0.0
    _check_existence(table)
    games, strength = table + np.swapaxes(table, -1, -2), np.zeros(table.shape[:-1])
    for _ in range(_STEPS):
        gradient, information = _derivatives(table, games, strength)
        step = (np.linalg.pinv(information, hermitian=True) @ gradient[..., None])[..., 0]
        longest = np.abs(step).max(axis=-1, keepdims=True)
        strength = strength + step / np.maximum(1.0, longest)
        if float(longest.max()) < _PRECISION:
            break
    strength -= strength.mean(axis=-1, keepdims=True)
    covariance = np.linalg.pinv(_derivatives(table, games, strength)[1], hermitian=True)
    return Strengths(strength, np.asarray(covariance, dtype=np.float64))


def _check_existence(table: Array) -> None:
    """Every player must lead to every other by a chain of wins."""
    size = table.shape[-1]
    reached: NDArray[np.bool_] = (table > 0) | np.eye(size, dtype=bool)
    for _ in range(max(1, size - 1).bit_length()):
        reached = (reached.astype(np.float32) @ reached.astype(np.float32)) > 0
    if not reached.all():
        one = reached.reshape(-1, size, size)[np.argmin(reached.reshape(-1, size * size).all(axis=1))]
        groups = (one & one.T).sum(axis=1)
        alone = np.flatnonzero((one & one.T)[np.argmin(groups)])
        raise DataError(f"no finite strengths: players {alone.tolist()} never won or never lost against the rest")


def _derivatives(wins: Array, games: Array, strength: Array) -> tuple[Array, Array]:
    p = special.expit(strength[..., :, None] - strength[..., None, :])
    weight = games * p * (1 - p)
    players = np.arange(wins.shape[-1])
    information = -weight
    information[..., players, players] += weight.sum(axis=-1)
    return np.asarray((wins - games * p).sum(axis=-1)), information
