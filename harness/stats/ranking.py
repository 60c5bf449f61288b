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


def fit_votes(
    first: ArrayLike,
    second: ArrayLike,
    won: ArrayLike,
    *,
    weight: ArrayLike = 1.0,
    style: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
) -> tuple[Strengths, Array]:
    """Strengths of votes one by one, with style taken out, and the style's coefficients.

    logit P(first wins) = s_first − s_second + style·β; `style` (votes, features) holds what the answers differ in (a
    longer answer wins more often). The covariance is the sandwich Σ over clusters (a question's votes go together), so
    that ties and weights do not feign certainty. Raises DataError when no maximum exists. Source: Bradley and Terry
    1952 with covariates, as Chatbot Arena's style control (T. Li, A. Angelopoulos, W. Chiang 2024).
    """
    i, j = np.asarray(first, dtype=np.int64), np.asarray(second, dtype=np.int64)
    y, w = np.asarray(won, dtype=float), np.broadcast_to(np.asarray(weight, dtype=float), i.shape)
    players, votes = int(max(i.max(), j.max())) + 1, np.arange(i.size)
    table = np.zeros((players, players))
    np.add.at(table, (i, j), w * y)
    np.add.at(table, (j, i), w * (1 - y))
    _check_existence(table)
    features = np.zeros((i.size, 0)) if style is None else np.asarray(style, dtype=float).reshape(i.size, -1)
    design = np.zeros((i.size, players + features.shape[1]))
    design[votes, i], design[votes, j], design[:, players:] = 1.0, -1.0, features
    theta = _newton(design, y, w)
    p = special.expit(design @ theta)
    bread = np.linalg.pinv((design * (w * p * (1 - p))[:, None]).T @ design, hermitian=True)
    scores = design * (w * (y - p))[:, None]
    if clusters is not None:
        _, codes = np.unique(np.asarray(clusters), return_inverse=True)
        sums = np.zeros((int(codes.max()) + 1, design.shape[1]))
        np.add.at(sums, codes, scores)
        scores = sums
    covariance = bread @ (scores.T @ scores) @ bread
    centre = np.eye(players) - 1.0 / players
    strength = theta[:players] - theta[:players].mean()
    return Strengths(strength, centre @ covariance[:players, :players] @ centre), theta[players:]


def _newton(design: Array, y: Array, w: Array) -> Array:
    theta = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        p = special.expit(design @ theta)
        gradient = design.T @ (w * (y - p))
        step = np.linalg.pinv((design * (w * p * (1 - p))[:, None]).T @ design, hermitian=True) @ gradient
        theta = theta + step / max(1.0, float(np.abs(step).max()))
        if float(np.abs(step).max()) < _PRECISION**0.5:
            break
    return theta


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
