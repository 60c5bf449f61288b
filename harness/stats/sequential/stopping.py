"""When a suite's measurement may stop: the state after each look, and simulations of the whole rule.

Each benchmark's items are measured in their fixed order, `step` more at every look. A held benchmark gets a verdict as
soon as one of its hypotheses is rejected (`Rule.decide`), and the verdict is final. It goes on only while the held mean
is undecided and can still be decided: the mean is taken over the benchmarks' r-th items (a common schedule), so it
ends with the first benchmark that stops or has no more items. So small benchmarks beside large ones are measured
whole (`may_stop`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from holdfast.stats.paired import Array
from holdfast.stats.sequential.looks import Looks, Rule, bet, log_e, log_e_of_counts

_WORTH = 4
"""A benchmark of fewer than so many times the least items is measured whole beside larger ones."""


class StopVerdict(IntEnum):
    """What is decided of a benchmark or of the mean."""

    OPEN = 0
    REGRESSED = 1
    HELD = 2
    IMPROVED = 3


class Stopping:
    """The state of one suite, or of many simulated ones at once (leading axes)."""

    def __init__(self, rule: Rule, shape: tuple[int, ...] = ()) -> None:
        self.rule = rule
        count = len(rule.margins)
        self.verdict: NDArray[np.int8] = np.zeros((*shape, count), dtype=np.int8)
        self.mean: NDArray[np.int8] = np.zeros(shape, dtype=np.int8)
        self.running: NDArray[np.bool_] = np.ones((*shape, count), dtype=bool)
        self.together: NDArray[np.bool_] = np.ones(shape, dtype=bool)
        """Whether every benchmark is still measured, so that the mean is."""

    def look(self, looks: Looks, exhausted: NDArray[np.bool_]) -> None:
        """Decide after a look; `exhausted` (…, K) tells the benchmarks whose items are all measured.

        Evidence of benchmarks that no longer run must be given as it was when they stopped.
        """
        found = self.rule.decide(looks)
        order = (
            (found.regressed, StopVerdict.REGRESSED),
            (found.improved, StopVerdict.IMPROVED),
            (found.held, StopVerdict.HELD),
        )
        for rejected, name in order:
            self.verdict[(self.verdict == StopVerdict.OPEN) & rejected] = name
        for rejected, name in ((found.mean_regressed, StopVerdict.REGRESSED), (found.mean_held, StopVerdict.HELD)):
            self.mean = np.where((self.mean == StopVerdict.OPEN) & rejected, np.int8(name), self.mean)
        failed = (self.verdict == StopVerdict.REGRESSED).any(axis=-1)
        waits = (self.mean == StopVerdict.OPEN) & ~failed & self.together & ~exhausted.any(axis=-1)
        self.running &= ~exhausted & ((self.verdict == StopVerdict.OPEN) | waits[..., None])
        self.together &= self.running.all(axis=-1)

    @property
    def decision(self) -> NDArray[np.int8]:
        """The suite's decision: REGRESSED where anything is; HELD where the mean is, or every benchmark; else OPEN."""
        failed = (self.verdict == StopVerdict.REGRESSED).any(axis=-1) | (self.mean == StopVerdict.REGRESSED)
        each = (self.verdict >= StopVerdict.HELD).all(axis=-1)
        passed = (self.mean == StopVerdict.HELD) | each
        return np.where(failed, StopVerdict.REGRESSED, np.where(passed, StopVerdict.HELD, StopVerdict.OPEN)).astype(
            np.int8
        )


def least_items(margin: float, alpha: float = 0.05) -> int:
    """The items with which a benchmark without a single flip is just HELD: fewer can never be, unless they gain."""
    each = bet(0.0, -margin, "above")
    count = 1
    while log_e(2 * count * each) < -np.log(alpha):
        count *= 2
    while log_e(count * each) < -np.log(alpha):
        count += 1
    return count


def may_stop(sizes: Sequence[int], margin: float, alpha: float = 0.05) -> list[bool]:
    """Which held benchmarks are measured until they are decided; the others are measured whole and judged apart.

    A small benchmark seldom stops, and it ends the schedule of the mean: beside one of at least `worthwhile` items
    those of fewer are measured whole. Sizes and margin alone decide, so that nothing seen does.
    """
    enough = worthwhile(margin, alpha)
    return [size >= enough or max(sizes) < enough for size in sizes]


def worthwhile(margin: float, alpha: float = 0.05) -> int:
    """The items from which on a benchmark is worth stopping."""
    return _WORTH * least_items(margin, alpha)


@dataclass(frozen=True, slots=True)
class Simulated:
    """Suites measured until they were decided; arrays (simulations, …)."""

    verdict: NDArray[np.int8]
    mean: NDArray[np.int8]
    decision: NDArray[np.int8]
    items: NDArray[np.int64]
    """Measured of each benchmark."""


def simulate(
    n: tuple[int, ...],
    flips: tuple[float, ...],
    effects: tuple[float, ...],
    rule: Rule,
    *,
    step: int = 32,
    simulations: int = 10_000,
    seed: int = 0,
) -> Simulated:
    """Suites of 0/1 scores drawn at random: of benchmark k, with n[k] items, a share flips[k] changes (at least the
    size of effects[k], its true mean difference)."""
    rng = np.random.default_rng(seed)
    chunks = [
        _simulate(n, flips, effects, rule, step, min(500, simulations - start), rng)
        for start in range(0, simulations, 500)
    ]
    return Simulated(*(np.concatenate([getattr(c, f) for c in chunks]) for f in Simulated.__slots__))


def _simulate(
    n: tuple[int, ...],
    flips: tuple[float, ...],
    effects: tuple[float, ...],
    rule: Rule,
    step: int,
    simulations: int,
    rng: np.random.Generator,
) -> Simulated:
    size, rate, effect = np.array(n), np.array(flips), np.array(effects)
    rate = np.maximum(rate, np.abs(effect))
    lost = np.zeros((simulations, len(n)))
    gained, items = lost.copy(), np.zeros((simulations, len(n)), dtype=np.int64)
    rounds = np.zeros((simulations, 2 * len(n) + 1))
    state = Stopping(rule, (simulations,))
    while state.running.any():
        more = np.where(state.running, np.minimum(step, size - items), 0)
        drawn = rng.random((simulations, step, len(n)))
        taken = np.arange(step)[:, None] < more[:, None, :]
        fell, rose = taken & (drawn < (rate - effect) / 2), taken & (drawn >= 1 - (rate + effect) / 2)
        lost, gained, items = lost + fell.sum(axis=1), gained + rose.sum(axis=1), items + more
        common = taken.all(axis=2) & state.together[:, None]
        total = rose.sum(axis=2) - fell.sum(axis=2) + len(n)
        for value in range(rounds.shape[1]):
            rounds[:, value] += (common & (total == value)).sum(axis=1)
        state.look(looks_of_counts(lost, gained, items, rounds, rule), items >= size)
    return Simulated(state.verdict, state.mean, state.decision, items)


def looks_of_counts(lost: Array, gained: Array, items: NDArray[np.int64], rounds: Array, rule: Rule) -> Looks:
    """The evidence of 0/1 scores. `rounds` (…, 2K + 1) counts the rounds by the sum of their K differences, −K … K."""
    count = len(rule.margins)
    sums = np.arange(-count, count + 1) / count
    held = [
        log_e_of_counts(lost[..., k], gained[..., k], items[..., k], -margin, "above")
        for k, margin in enumerate(rule.margins)
    ]
    return Looks(
        drop=log_e_of_counts(lost, gained, items, 0.0, "below"),
        held=np.stack(held, axis=-1),
        gain=log_e_of_counts(lost, gained, items, 0.0, "above"),
        mean_drop=log_e(rounds @ bet(sums, -rule.margin, "below")),
        mean_held=log_e(rounds @ bet(sums, -rule.margin, "above")),
    )
