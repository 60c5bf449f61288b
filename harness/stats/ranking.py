"""Bradley–Terry strengths of pairwise judgements, with intervals."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from holdfast.errors import DataError
from holdfast.stats.paired import Array

_STEPS, _PRECISION = 200, 1e-6


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

    def elo(self, mean: float = 1000.0) -> Array:
        """Strengths on Elo's scale: 400 points are odds of 10 to 1."""
        return np.asarray(mean + self.strength * 400 / np.log(10))


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
        if float(np.abs(step).max()) < _PRECISION:
            break
    return theta


def _check_existence(table: Array) -> None:
    """Every player must lead to every other by a chain of wins. Raises DataError (existence: L. Ford 1957)."""
    size = len(table)
    reached: NDArray[np.bool_] = (table > 0) | np.eye(size, dtype=bool)
    for _ in range(max(1, size - 1).bit_length()):
        reached = (reached.astype(np.float32) @ reached.astype(np.float32)) > 0
    if not reached.all():
        both = reached & reached.T
        alone = np.flatnonzero(both[np.argmin(both.sum(axis=1))])
        raise DataError(f"no finite strengths: players {alone.tolist()} never won or never lost against the rest")
