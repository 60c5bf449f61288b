"""Evidence that a skill lost more than a margin, gathered look by look: an e-process that may be read at any time.

A look brings paired differences d = score now − score before of items, each in [−1, 1]. While the mean difference is no
worse than −margin, every product Π (1 − λ·(d + margin)) with 0 < λ < 1/(1 + margin) is a supermartingale, and so is
their mean over a grid of λ; by Ville's inequality P(it ever reaches 1/α) ≤ α, however often and whenever one looks
(betting: Waudby-Smith and Ramdas, arXiv 2010.09686). Evidence multiplies over fresh items only. When a pool of items
comes round again, every pass has an e-process and a share of α of its own: 80 % for the first, 20 %/(k(k − 1)) for the
k-th, in all 100 %.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

_BETS = 64


@dataclass(slots=True)
class Evidence:
    """Of one skill. Plain data: goes through JSON and goes on where it was."""

    alpha: float
    """Chance of ever raising an alarm while the loss is at most `margin`."""
    margin: float = 0.0
    """A share: 0.05 for five points."""
    visits: dict[str, int] = field(default_factory=dict)
    """How often each item was looked at."""
    wealth: list[list[float]] = field(default_factory=list)
    """log Π (1 − λ·(d + margin)) of each pass, for every λ of the grid."""
    peak: float = 0.0
    """Largest log evidence so far: an alarm stays."""

    def look(self, differences: Mapping[str, float]) -> float:
        """Add one look, the difference of each item looked at; returns the evidence now (1 = none).

        Raises ValueError for a difference outside [−1, 1].
        """
        if any(not -1 <= d <= 1 for d in differences.values()):
            raise ValueError("differences of scores lie in [-1, 1]")
        bets = np.arange(1, _BETS) / _BETS / (1 + self.margin)
        passes: dict[int, list[float]] = {}
        for item, difference in differences.items():
            turn = self.visits[item] = self.visits.get(item, 0) + 1
            passes.setdefault(turn, []).append(difference)
        for turn, seen in sorted(passes.items()):
            if len(self.wealth) < turn:
                self.wealth.append([0.0] * len(bets))
            grown = np.log1p(-np.outer(np.asarray(seen) + self.margin, bets)).sum(axis=0)
            self.wealth[turn - 1] = [float(value) for value in np.asarray(self.wealth[turn - 1]) + grown]
        now = max((_log_mean(pass_) + _log_share(k) for k, pass_ in enumerate(self.wealth, 1)), default=0.0)
        self.peak = max(self.peak, now)
        return float(np.exp(min(now, 700.0)))

    @property
    def alarm(self) -> bool:
        """Whether a loss beyond the margin is proven, at any look so far."""
        return bool(self.peak >= -np.log(self.alpha))

    @property
    def p(self) -> float:
        """Anytime-valid p value: 1/(largest evidence)."""
        return float(np.exp(-self.peak))


def _log_mean(values: list[float]) -> float:
    held = np.asarray(values)
    top = float(held.max())
    return top + float(np.log(np.exp(held - top).mean()))


def _log_share(turn: int) -> float:
    """log of the share of alpha that pass `turn` has."""
    return float(np.log(0.8 if turn == 1 else 0.2 / (turn * (turn - 1))))
