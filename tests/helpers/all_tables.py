"""Every table that two runs over n items can give, with its probability: exact coverage and error rates."""

import numpy as np
from scipy import special, stats

_TAIL = 1e-10


def all_tables(n: int, flips: float, share: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lost, gained and probability of the tables of n items of which a share `flips` flips, `share` of it losses.

    Those of a probability above 1e-13 within the central 1 − 2e-10 of each count: together more than 1 − 1e-8.
    """
    lost, gained = _counts(n, flips * share), _counts(n, flips * (1 - share))
    b, c = (axis.ravel() for axis in np.meshgrid(lost, gained, indexing="ij"))
    possible = b + c <= n
    b, c = b[possible], c[possible]
    log = special.gammaln(n + 1) - special.gammaln(b + 1) - special.gammaln(c + 1) - special.gammaln(n - b - c + 1)
    log += special.xlogy(b, flips * share) + special.xlogy(c, flips * (1 - share)) + (n - b - c) * np.log1p(-flips)
    weight = np.exp(log)
    kept = weight > 1e-13
    return b[kept], c[kept], weight[kept]


def _counts(n: int, p: float) -> np.ndarray:
    if p == 0:
        return np.zeros(1)
    low, high = stats.binom.ppf([_TAIL, 1 - _TAIL], n, p)
    return np.arange(low, high + 1)
