"""What a suite will be able to see, before any training: detectable drops, default margin, time, the cheapest suite.

Sizes in items, effects and margins in score units (0.01 is one point), `flips` the share of items whose 0/1 score
changes between two runs, `noise` the part of it that two runs of one model show (A/A; 0 when decoding is greedy).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import special

from holdfast.errors import UsageError
from holdfast.stats.power import items_for_margin, items_needed, mde, variance_of_difference
from holdfast.stats.suite import Unchanged, simulate_unchanged

DEFAULT_FLIPS = 0.1


@dataclass(frozen=True, slots=True)
class Bench:
    """What is known of a benchmark beforehand."""

    task: str
    items: int
    flips: float = DEFAULT_FLIPS
    noise: float = 0.0
    repeats: int = 1
    tokens: float = 256.0
    """Generated per completion."""
    target: bool = False

    @property
    def variance(self) -> float:
        """Of an item's difference."""
        return float(variance_of_difference(self.flips, self.noise, self.repeats))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the plan is for."""

    margin: float | None = None
    """Mean drop of the held skills to rule out."""
    effect: float | None = None
    """Drop of a single benchmark to find."""
    alpha: float = 0.05
    power: float = 0.8
    tokens_per_second: float | None = None


@dataclass(frozen=True, slots=True)
class BenchPlan:
    """What one benchmark can detect."""

    task: str
    items: int
    repeats: int
    flips: float
    target: bool
    mde: float
    """Smallest drop found with the wanted power, alone in its family."""
    mde_in_suite: float
    """The same at Holm's first step among the held benchmarks."""
    margin: float
    """Smallest drop that an unchanged model is cleared of with the wanted power, by this benchmark alone."""
    items_for_effect: int | None
    """Items that the wanted effect needs (at `mde_in_suite`'s level)."""
    repeats_for_effect: int | None
    """Repeats that would do with the items there are; None when none would, or no effect is wanted."""
    seconds: float | None
    """For one run."""


@dataclass(frozen=True, slots=True)
class SuitePlan:
    """What a suite can decide."""

    suite: str
    items: int
    default_margin: float
    margin: float
    pass_unchanged: float
    """Probability that an unchanged model passes at `margin`."""
    false_alarm: float
    """Probability that an unchanged model shows a "proven" regression."""
    macro_mde: float
    """Smallest drop of the held mean found with the wanted power."""
    seconds: float | None
    """For measuring once; a before/after pair takes twice this (the base model's run is cached)."""
    benchmarks: tuple[BenchPlan, ...]
    cheapest: Mapping[str, int] | None
    """Items per benchmark of the cheapest suite that does what is wanted; None: not even the whole one does, or
    nothing is wanted."""
    cheapest_seconds: float | None
    alpha: float
    power: float

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return {"schema": 1, "kind": "plan", **asdict(self)}


def make_plan(suite: str, benches: Sequence[Bench], wanted: Wanted, seed: int = 0) -> SuitePlan:
    """The plan of a suite. Raises UsageError when it holds nothing to protect."""
    held = [bench for bench in benches if not bench.target]
    if not held:
        raise UsageError("every task is a target: nothing is held, so there is no margin to plan for")
    unchanged = simulate(held, wanted.alpha, seed=seed)
    default = unchanged.margin(wanted.power)
    margin = default if wanted.margin is None else wanted.margin
    cheapest = _cheapest(held, wanted, seed)
    spread = np.sqrt(sum(bench.variance / bench.items for bench in held)) / len(held)
    return SuitePlan(
        suite=suite,
        items=sum(bench.items for bench in benches),
        default_margin=default,
        margin=margin,
        pass_unchanged=unchanged.passes(margin),
        false_alarm=float(unchanged.rejected.mean()),
        macro_mde=float(_reach(wanted) * spread),
        seconds=_total(_seconds(bench, bench.items, wanted) for bench in benches),
        benchmarks=tuple(_bench_plan(bench, len(held), wanted) for bench in benches),
        cheapest=cheapest,
        cheapest_seconds=None if cheapest is None else _total(_seconds(b, cheapest[b.task], wanted) for b in held),
        alpha=wanted.alpha,
        power=wanted.power,
    )


def simulate(held: Sequence[Bench], alpha: float, sizes: Sequence[int] | None = None, seed: int = 0) -> Unchanged:
    """The held benchmarks with an unchanged model, simulated with the tests of a comparison."""
    n = [bench.items for bench in held] if sizes is None else list(sizes)
    se = [np.sqrt(bench.variance / size) if bench.repeats > 1 else np.nan for bench, size in zip(held, n, strict=True)]
    draws = max(2_000, min(20_000, 200_000 // len(held)))
    return simulate_unchanged(n, [bench.flips for bench in held], se=se, alpha=alpha, simulations=draws, seed=seed)


def _bench_plan(bench: Bench, family: int, wanted: Wanted) -> BenchPlan:
    tests = 1 if bench.target else family
    return BenchPlan(
        task=bench.task,
        items=bench.items,
        repeats=bench.repeats,
        flips=bench.flips,
        target=bench.target,
        mde=float(mde(bench.items, bench.variance, wanted.alpha, wanted.power)),
        mde_in_suite=float(mde(bench.items, bench.variance, wanted.alpha, wanted.power, tests)),
        margin=_margin_alone(bench, wanted),
        items_for_effect=_items_for_effect(bench, tests, wanted),
        repeats_for_effect=_repeats_for_effect(bench, tests, wanted),
        seconds=_seconds(bench, bench.items, wanted),
    )


def _reach(wanted: Wanted) -> float:
    return float(special.ndtri(1 - wanted.alpha) + special.ndtri(wanted.power))


def _margin_alone(bench: Bench, wanted: Wanted) -> float:
    """The margin whose `items_for_margin` are the items there are, by bisection."""
    low, high = 1e-6, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        enough = items_for_margin(middle, bench.variance, wanted.alpha, wanted.power) <= bench.items
        low, high = (low, middle) if enough else (middle, high)
    return high


def _items_for_effect(bench: Bench, tests: int, wanted: Wanted) -> int | None:
    if wanted.effect is None:
        return None
    return int(items_needed(wanted.effect, bench.variance, wanted.alpha, wanted.power, tests))


def _repeats_for_effect(bench: Bench, tests: int, wanted: Wanted) -> int | None:
    """Averaging k samples leaves (π − noise) + noise/k of the variance: the k that brings it to what is needed."""
    if wanted.effect is None:
        return None
    reach = special.ndtri(1 - wanted.alpha / tests) + special.ndtri(wanted.power)
    allowed = bench.items * (wanted.effect / reach) ** 2
    fixed = max(0.0, bench.flips - bench.noise)
    if bench.flips <= allowed:
        return 1
    return None if bench.noise == 0 or allowed <= fixed else int(np.ceil(bench.noise / (allowed - fixed)))


def _cheapest(held: Sequence[Bench], wanted: Wanted, seed: int) -> dict[str, int] | None:
    """The cheapest sizes that find the wanted effect in each benchmark and clear an unchanged model at the margin.

    A mean's variance Σ v/n is lowest for a cost Σ c·n when n ∝ sqrt(v/c) (Neyman's allocation), up to what each
    benchmark has; the scale is found by bisection, each step checked by simulation.
    """
    if wanted.margin is None and wanted.effect is None:
        return None
    floor = [_items_for_effect(bench, len(held), wanted) or 1 for bench in held]
    if any(least > bench.items for least, bench in zip(floor, held, strict=True)):
        return None
    if wanted.margin is None:
        return {bench.task: least for bench, least in zip(held, floor, strict=True)}
    shape = np.array([np.sqrt(bench.variance / (bench.tokens * bench.repeats)) for bench in held])
    shape = np.where(shape > 0, shape, shape.max() or 1.0)
    full = np.array([bench.items for bench in held])

    def sizes(scale: float) -> list[int]:
        return [int(n) for n in np.clip(np.ceil(scale * shape / shape.max()), floor, full)]

    def enough(scale: float) -> bool:
        unchanged = simulate(held, wanted.alpha, sizes(scale), seed)
        return wanted.margin is not None and unchanged.passes(wanted.margin) >= wanted.power

    low, high = 1.0, float(np.max(full * shape.max() / shape))
    if not enough(high):
        return None
    while high > low * 1.01 + 1:
        middle = (low * high) ** 0.5
        low, high = (low, middle) if enough(middle) else (middle, high)
    return {bench.task: size for bench, size in zip(held, sizes(high), strict=True)}


def _seconds(bench: Bench, items: int, wanted: Wanted) -> float | None:
    if not wanted.tokens_per_second:
        return None
    return items * bench.repeats * bench.tokens / wanted.tokens_per_second


def _total(seconds: Any) -> float | None:
    values = list(seconds)
    return None if any(value is None for value in values) else float(sum(values))
