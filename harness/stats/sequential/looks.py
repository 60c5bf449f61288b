"""Deciding before every item is measured: e-processes for each benchmark and the held mean, and a closed procedure.

Items come in an order fixed before anything is seen; d = score after − score before of an item, in [−1, 1]. For each
null hypothesis about the mean difference μ there is a betting e-process, the mean over a grid of λ of Π (1 + λ·(d − m))
for H0: μ ≤ m, or Π (1 − λ·(d − m)) for H0: μ ≥ m: a supermartingale under its null, so that it may be read after every
item (Waudby-Smith and Ramdas, arXiv 2010.09686). Nothing is assumed of the scores but their range.

Several benchmarks are combined by closed testing: a hypothesis is rejected when, for every set of hypotheses that
contains it, the mean of the set's e-values is at least 1/α. The mean of e-processes is one whatever their dependence,
so the family-wise error over benchmarks and looks is at most α; the procedure rejects all that e-Holm does, and more
(Vovk and Wang, arXiv 1912.06116; Goeman, Rosenblatt and Solari, arXiv 2106.11150).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from holdfast.stats.paired import Array
from holdfast.stats.sequential.eprocess import growth

Side = Literal["below", "above"]
"""What is to be proven of the mean difference: that it lies below a bound, or above it."""
_CEILING = 60.0
"""log e beyond which more evidence is not counted, so that it can be averaged."""


def bet(differences: ArrayLike, bound: float, side: Side) -> Array:
    """log of what each difference (…) multiplies each bet's wealth by (…, bets), to prove μ `side` of `bound`."""
    values = np.asarray(differences, dtype=float)
    return growth(values, -bound) if side == "below" else growth(-values, bound)


def log_e(wealth: ArrayLike) -> Array:
    """log of the evidence (…) of summed bets (…, bets): each bet has the same weight."""
    summed = np.asarray(wealth, dtype=float)
    return np.asarray(np.logaddexp.reduce(summed, axis=-1) - np.log(summed.shape[-1]))


def log_e_of_counts(lost: ArrayLike, gained: ArrayLike, n: ArrayLike, bound: float, side: Side) -> Array:
    """log of the evidence of 0/1 scores, of which `lost` fell and `gained` rose among `n`; shapes broadcast."""
    fell, rose, size = np.broadcast_arrays(np.asarray(lost, float), np.asarray(gained, float), np.asarray(n, float))
    down, same, up = bet([-1.0, 0.0, 1.0], bound, side)
    total = fell[..., None] * down + rose[..., None] * up + (size - fell - rose)[..., None] * same
    return log_e(total)


def closed(log_evidence: ArrayLike, alpha: float) -> NDArray[np.bool_]:
    """Which hypotheses (…, K) are rejected, with family-wise error ≤ α: see the head of this module.

    For hypothesis k the worst set of every size is k with the others of least evidence.
    """
    evidence = np.exp(np.minimum(np.asarray(log_evidence, dtype=float), _CEILING))
    count = evidence.shape[-1]
    rejected = np.ones(evidence.shape, dtype=bool)
    for k in range(count):
        others = np.sort(np.delete(evidence, k, axis=-1), axis=-1)
        sums = evidence[..., k, None] + np.concatenate(
            [np.zeros((*others.shape[:-1], 1)), np.cumsum(others, axis=-1)], axis=-1
        )
        rejected[..., k] = (sums / np.arange(1, count + 1) >= 1 / alpha).all(axis=-1)
    return rejected


def interval(differences: ArrayLike, confidence: float = 0.95) -> tuple[float, float]:
    """Bounds of the mean difference that hold at every time of stopping (a confidence sequence).

    The means that neither e-process refutes at level (1 − confidence)/2, found by bisection.
    """
    values = np.asarray(differences, dtype=float)
    level = -np.log((1 - confidence) / 2)

    def refuted(mean: float, side: Side) -> bool:
        return bool(log_e(bet(values, mean, side).sum(axis=0)) >= level)

    middle = float(values.mean()) if values.size else 0.0
    return _edge(lambda m: refuted(m, "above"), -1.0, middle), _edge(lambda m: refuted(m, "below"), 1.0, middle)


def _edge(refuted: Callable[[float], bool], outside: float, inside: float) -> float:
    """The mean nearest to `outside` that is not refuted; `inside` never is."""
    if not refuted(outside * (1 - 1e-9)):
        return outside
    for _ in range(40):
        middle = (outside + inside) / 2
        outside, inside = (middle, inside) if refuted(middle) else (outside, middle)
    return inside


@dataclass(frozen=True, slots=True)
class Rule:
    """What a suite's stopping is decided by. Margins are shares: 0.05 for five points."""

    margins: tuple[float, ...]
    """For each held benchmark the loss that HELD rules out."""
    margin: float
    """The loss of the held mean that HELD rules out."""
    alpha: float = 0.05

    def decide(self, looks: "Looks") -> "Decided":
        """What the evidence decides; every array may have leading axes (simulations, looks)."""
        worse = closed(np.concatenate([looks.drop, looks.mean_drop[..., None]], axis=-1), self.alpha)
        held = closed(np.concatenate([looks.held, looks.mean_held[..., None]], axis=-1), self.alpha)
        better = closed(looks.gain, self.alpha)
        return Decided(worse[..., :-1], held[..., :-1], better, worse[..., -1], held[..., -1])


@dataclass(frozen=True, slots=True)
class Looks:
    """log e of every hypothesis (…, K), and of the held mean (…)."""

    drop: Array
    """log e of H0 μ ≥ 0, against which REGRESSED is proven."""
    held: Array
    """log e of H0 μ ≤ −margin, against which HELD is proven."""
    gain: Array
    """log e of H0 μ ≤ 0, against which IMPROVED is proven."""
    mean_drop: Array
    """log e of H0: the held mean is at least −margin."""
    mean_held: Array
    """log e of H0: the held mean is at most −margin."""


@dataclass(frozen=True, slots=True)
class Decided:
    """Which hypotheses are rejected; benchmarks (…, K), the mean (…)."""

    regressed: NDArray[np.bool_]
    held: NDArray[np.bool_]
    improved: NDArray[np.bool_]
    mean_regressed: NDArray[np.bool_]
    mean_held: NDArray[np.bool_]
