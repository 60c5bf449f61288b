"""Evidence that a skill lost more than a margin, gathered look by look: an e-process that may be read at any time.

Repeating a fixed-n test at every look of a training raises false alarms with every look.

A look brings paired differences d = score now − score before of items, each in [−1, 1]. While the mean difference is no
worse than −margin, every product Π (1 − λ·(d + margin)) with 0 < λ < 1/(1 + margin) is a supermartingale, and so is
their mean over a grid of λ; by Ville's inequality P(it ever reaches 1/α) ≤ α, however often and whenever one looks
(betting: Waudby-Smith and Ramdas, arXiv 2010.09686).

A skill breaks at some time, and looks before it are evidence against. So there is a product from every look j on, with
the weight 1/(j(j + 1)), in all 1: a mixture over the time of the change, as in the Shiryaev-Roberts rule (e-detectors:
Shin, Ramdas and Rinaldo, arXiv 2203.03532), which is a supermartingale too.

Evidence multiplies over fresh items only. When a pool of items comes round again, every pass has a process and a share
of α of its own: 80 % for the first, 20 %/(k(k − 1)) for the k-th, in all 100 %.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from holdfast.stats.paired import Array

_BETS = 64
_NOTHING = -1e9
"""log 0, as JSON can say it."""


def growth(differences: ArrayLike, margin: float = 0.0) -> Array:
    """log of what each difference (…) multiplies each bet's product by (…, bets)."""
    bets = np.arange(1, _BETS) / _BETS / (1 + margin)
    return np.log1p(-np.multiply.outer(np.asarray(differences, dtype=float) + margin, bets))


def unbegun(shape: tuple[int, ...] = ()) -> Array:
    """The wealth (…, bets) of processes of this shape before their first look."""
    return np.full((*shape, _BETS - 1), _NOTHING)


def grown(wealth: ArrayLike, look: int, growth: ArrayLike) -> Array:
    """The wealth (…, bets) after look number `look` ≥ 1, which multiplied the products by exp(`growth`).

    Wealth is, for every bet, log of the weighted sum of the products from each look on.
    """
    return np.asarray(np.logaddexp(wealth, -np.log(look * (look + 1.0))) + growth)


def log_e(wealth: ArrayLike, looks: int) -> Array:
    """log of the evidence (…) after so many looks, with the products that are yet to begin."""
    logs = np.asarray(wealth)
    begun = np.logaddexp.reduce(logs, axis=-1) - np.log(logs.shape[-1])
    return np.asarray(np.logaddexp(begun, -np.log(looks + 1.0)))


@dataclass(slots=True)
class Evidence:
    """The evidence about one skill. Plain data: goes through JSON and goes on where it was."""

    alpha: float
    """Chance of ever raising an alarm while the loss is at most `margin`."""
    margin: float = 0.0
    """A share: 0.05 for five points."""
    visits: dict[str, int] = field(default_factory=dict)
    """How often each item was looked at."""
    passes: list["Pass"] = field(default_factory=list)
    peak: float = 0.0
    """Largest log evidence so far: an alarm stays."""

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> "Evidence":
        """What `dataclasses.asdict` made of one."""
        return cls(**{**fields, "passes": [Pass(**one) for one in fields["passes"]]})

    def look(self, differences: Mapping[str, float]) -> float:
        """Add one look, the difference of each item looked at; returns the evidence now (1 = none).

        Raises ValueError for a difference outside [−1, 1].
        """
        if any(not -1 <= d <= 1 for d in differences.values()):
            raise ValueError("differences of scores lie in [-1, 1]")
        turns: dict[int, list[float]] = {}
        for item, difference in differences.items():
            turn = self.visits[item] = self.visits.get(item, 0) + 1
            turns.setdefault(turn, []).append(difference)
        for turn, seen in sorted(turns.items()):
            if len(self.passes) < turn:
                self.passes.append(Pass(unbegun().tolist()))
            self.passes[turn - 1].look(growth(seen, self.margin).sum(axis=0))
        now = max((one.log_e() + _log_share(k) for k, one in enumerate(self.passes, 1)), default=0.0)
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


@dataclass(slots=True)
class Pass:
    """The process of one pass over the items."""

    wealth: list[float]
    """The wealth of each bet."""
    looks: int = 0

    def look(self, growth: Array) -> None:
        """Add what one look multiplied each bet's product by; log."""
        self.looks += 1
        self.wealth = grown(self.wealth, self.looks, growth).tolist()

    def log_e(self) -> float:
        """The evidence now; log."""
        return float(log_e(self.wealth, self.looks))


def _log_share(turn: int) -> float:
    """log of the share of alpha that pass `turn` has."""
    return float(np.log(0.8 if turn == 1 else 0.2 / (turn * (turn - 1))))
