"""Looking while training goes on: an anytime-valid test of "flips are losses no more often than gains".

Repeating a fixed-n test at every checkpoint raises false alarms with every look. An e-process may be looked at after
every item and stopped at any time: when nothing got worse, P(it ever reaches 1/α) ≤ α (Ville's inequality).

What a look may bring: **items not looked at before** (the next slice of a shuffled pool), because evidence multiplies
only over fresh data. When the same items must serve again, count each item at its first flip only (`FirstFlips`):
then every item enters once, and the guarantee holds when first flips of unchanged skills go either way alike.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from holdfast.stats.paired import Array

_BETS = np.linspace(0.0, 1.0, 65)[1:-1]


def log_e_value(lost: ArrayLike, gained: ArrayLike) -> Array:
    """log of the evidence against "a flip is a loss with probability ≤ ½" after these many discordant pairs.

    E = 2 ∫_½^1 (2q)^lost (2(1−q))^gained dq = 2^(m+1) · B(lost+1, gained+1) · I_½(gained+1, lost+1), m = lost + gained:
    the likelihood ratio of a loss probability spread evenly over (½, 1) against ½, a test martingale at ½ and a
    supermartingale below. Source: A. Ramdas et al., Statistical Science 38 (2023), section 5 (mixture betting).
    """
    b, c = np.asarray(lost, dtype=float), np.asarray(gained, dtype=float)
    with np.errstate(divide="ignore"):
        tail = np.log(special.betainc(c + 1, b + 1, 0.5))
    return np.asarray((b + c + 1) * np.log(2.0) + special.betaln(b + 1, c + 1) + tail)


def log_e_value_of_differences(differences: ArrayLike) -> float:
    """The same for differences after − before in [−1, 1]: log mean over bets λ of Π (1 − λ·d).

    Valid against "the mean difference is ≥ 0"; with 0/1 scores it is `log_e_value`, its integral taken on a grid.
    """
    d = np.asarray(differences, dtype=float)
    if d.size and np.abs(d).max() > 1:
        raise ValueError("differences must lie in [-1, 1]")
    wealth = np.log1p(-np.outer(_BETS, d)).sum(axis=1)
    return float(special.logsumexp(wealth) - np.log(_BETS.size))


@dataclass(slots=True)
class EProcess:
    """Evidence of a drop, gathered look by look. Plain data: pickles, and resumes from `lost` and `gained`.

    >>> watch = EProcess(alpha=0.05)
    >>> watch.update(lost=3, gained=2) < 1.5
    True
    >>> watch.update(lost=14, gained=1) > 20, watch.alarm
    (True, True)
    """

    alpha: float = 0.05
    lost: int = 0
    gained: int = 0
    peak: float = 0.0
    """Largest log evidence so far: an alarm stays."""
    looks: int = 0

    def update(self, lost: int, gained: int) -> float:
        """Add one look's fresh flips; returns the evidence now (1 = none)."""
        if lost < 0 or gained < 0:
            raise ValueError(f"flips are counts, not {lost} and {gained}")
        self.lost, self.gained, self.looks = self.lost + lost, self.gained + gained, self.looks + 1
        now = float(log_e_value(self.lost, self.gained))
        self.peak = max(self.peak, now)
        return float(np.exp(min(now, 700.0)))

    @property
    def alarm(self) -> bool:
        """Whether a drop is proven at `alpha`, at any look so far."""
        return self.peak >= -np.log(self.alpha)

    @property
    def p(self) -> float:
        """Anytime-valid p value: 1/(largest evidence)."""
        return float(np.exp(-self.peak))


@dataclass(slots=True)
class FirstFlips:
    """Counts each item once, at its first flip, when the same items are looked at again and again."""

    seen: set[str] = field(default_factory=set)

    def count(self, lost: Iterable[str], gained: Iterable[str]) -> tuple[int, int]:
        """The numbers of lost and of gained items (given by their id) that had not flipped before."""
        new_lost, new_gained = set(lost) - self.seen, set(gained) - self.seen
        self.seen |= new_lost | new_gained
        return len(new_lost), len(new_gained)
