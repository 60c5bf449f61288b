"""Looking while training goes on: an anytime-valid test of "flips are losses no more often than gains".

Repeating a fixed-n test at every checkpoint raises false alarms with every look. An e-process may be looked at after
every item and stopped at any time: when nothing got worse, P(it ever reaches 1/α) ≤ α (Ville's inequality).

What a look may bring: **items not looked at before** (the next slice of a shuffled pool), because evidence multiplies
only over fresh data. When the pool is used up and the same items serve again, their flips depend on those seen before,
and going on multiplying is wrong: of a skill at 80 % accuracy with some noise, late first flips are mostly losses
although nothing changed. `Watch` starts a new process for every pass over the items and divides alpha among the passes,
which holds whatever the dependence between them.
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
        return bool(self.peak >= -np.log(self.alpha))

    @property
    def p(self) -> float:
        """Anytime-valid p value: 1/(largest evidence)."""
        return float(np.exp(-self.peak))


@dataclass(slots=True)
class Watch:
    """Evidence of a drop from looks at a pool of items that may come round again.

    Every item's k-th look counts to pass k, whose e-process multiplies fresh items only; pass 1 has 80 % of alpha, pass
    k ≥ 2 has 20 %/(k(k − 1)), in all 100 % (union bound). Plain data: pickles, goes through JSON.
    """

    alpha: float = 0.05
    visits: dict[str, int] = field(default_factory=dict)
    flips: list[list[int]] = field(default_factory=list)
    """[lost, gained] of each pass."""
    peak: float = 0.0
    """Largest log evidence so far, each pass weighed by its share of alpha."""
    looks: int = 0

    def look(self, items: Iterable[str], lost: Iterable[str], gained: Iterable[str]) -> float:
        """Add one look: the ids of the items looked at, and of those lost and gained since the start.

        Returns the evidence now (of the strongest pass; 1 = none or little). Raises ValueError for a flip of an item
        that was not looked at.
        """
        seen, down, up = set(items), set(lost), set(gained)
        if not down | up <= seen or down & up:
            raise ValueError("an item that flipped must have been looked at, and flip one way")
        for item in seen:
            turn = self.visits[item] = self.visits.get(item, 0) + 1
            while len(self.flips) < turn:
                self.flips.append([0, 0])
            self.flips[turn - 1][0] += item in down
            self.flips[turn - 1][1] += item in up
        self.looks += 1
        now = max((float(log_e_value(b, c)) + _log_share(k) for k, (b, c) in enumerate(self.flips, 1)), default=0.0)
        self.peak = max(self.peak, now)
        return float(np.exp(min(now, 700.0)))

    @property
    def alarm(self) -> bool:
        """Whether a drop is proven at `alpha`, at any look so far."""
        return bool(self.peak >= -np.log(self.alpha))

    @property
    def p(self) -> float:
        """Anytime-valid p value: 1/(largest evidence)."""
        return float(np.exp(-self.peak))


def _log_share(turn: int) -> float:
    """log of the share of alpha that pass `turn` has."""
    return float(np.log(0.8 if turn == 1 else 0.2 / (turn * (turn - 1))))
