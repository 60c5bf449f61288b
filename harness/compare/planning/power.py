"""What a suite will be able to see, before any training: detectable drops, default margin, time, the cheapest suite.

Sizes in items, effects and margins in score units (0.01 is one point), `flips` the share of items whose 0/1 score
changes between two runs, `noise` the part of it that two runs of one model show (A/A; 0 when decoding is greedy).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from scipy import special

from holdfast.errors import UsageError
from holdfast.stats.power import items_for_margin, items_needed, mcnemar_power, mde, variance_of_difference
from holdfast.stats.suite import Design, Unchanged, proven, simulate_unchanged

DEFAULT_FLIPS = 0.1
_MANY = 40
"""Expected flips from which the normal approximation of a drop's power is off by less than three points."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What is known of a benchmark beforehand."""

    task: str
    items: int
    flips: float = DEFAULT_FLIPS
    noise: float = 0.0
    repeats: int = 1
    tokens: float = 256.0
    """Tokens generated per completion."""
    target: bool = False
    baseline_repeats: int | None = None
    """Answers per item of the run before, measured once for many comparisons; None: as many as `repeats`."""

    @property
    def averaged(self) -> bool:
        """Whether scores are means of several answers, in either run."""
        return self.answers > 1

    @property
    def answers(self) -> int:
        """Answers per item, of the run with more."""
        return max(self.repeats, self.baseline_repeats or 1)

    @property
    def variance(self) -> float:
        """Variance of an item's difference."""
        return float(variance_of_difference(self.flips, self.noise, self.repeats, self.baseline_repeats))

    def dropped(self, drop: float) -> "Bench":
        """The benchmark after a drop: at least so many of its items flip, however few do when nothing changes; the same
        part of them is noise."""
        flips = max(self.flips, drop)
        return replace(self, flips=flips, noise=self.noise * flips / self.flips if self.flips else 0.0)


@dataclass(frozen=True, slots=True)
class Requirements:
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
    """The same at its part of alpha, among everything judged."""
    margin: float
    """Smallest drop that an unchanged model is cleared of with the wanted power, by this benchmark alone."""
    items_for_effect: int | None
    """Items that the wanted effect needs (at `mde_in_suite`'s level)."""
    repeats_for_effect: int | None
    """Repeats that would do with the items there are; None when none would, or no effect is wanted."""
    seconds: float | None
    """Seconds of measuring for one run."""


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
    """Smallest drop of all held benchmarks at once that is called a regression with the wanted power."""
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


def make_plan(suite: str, benches: Sequence[Bench], requirements: Requirements, seed: int = 0) -> SuitePlan:
    """The plan of a suite. Raises UsageError when it holds nothing to protect."""
    held = [bench for bench in benches if not bench.target]
    if not held:
        raise UsageError("every task is a target: nothing is held, so there is no margin to plan for")
    unchanged = simulate(benches, requirements, seed=seed)
    default = unchanged.margin(requirements.power)
    margin = default if requirements.margin is None else requirements.margin
    cheapest = cheapest_sizes(benches, requirements, seed)
    return SuitePlan(
        suite=suite,
        items=sum(bench.items for bench in benches),
        default_margin=default,
        margin=margin,
        pass_unchanged=unchanged.passes(margin),
        false_alarm=float(unchanged.rejected.mean()),
        macro_mde=mean_mde(benches, requirements, seed),
        seconds=_total(_seconds(bench, bench.items, requirements) for bench in benches),
        benchmarks=tuple(
            _bench_plan(bench, design_of(benches).weights[i], requirements) for i, bench in enumerate(benches)
        ),
        cheapest=cheapest,
        cheapest_seconds=None
        if cheapest is None
        else _total(_seconds(b, cheapest[b.task], requirements) for b in held),
        alpha=requirements.alpha,
        power=requirements.power,
    )


def design_of(benches: Sequence[Bench]) -> Design:
    """Who is in the mean, and how α is shared: as `compare` does it without a policy."""
    return Design.of([not bench.target for bench in benches])


def simulate(
    benches: Sequence[Bench], requirements: Requirements, sizes: Sequence[int] | None = None, seed: int = 0
) -> Unchanged:
    """The suite with an unchanged model, simulated with the tests of a comparison."""
    n = [bench.items for bench in benches] if sizes is None else list(sizes)
    return simulate_unchanged(
        n,
        [bench.flips for bench in benches],
        se=_errors(benches, n),
        alpha=requirements.alpha,
        design=design_of(benches),
        simulations=max(2_000, min(20_000, 200_000 // len(benches))),
        seed=seed,
    )


def mean_mde(benches: Sequence[Bench], requirements: Requirements, seed: int = 0) -> float:
    """The smallest drop of every held benchmark at once that a comparison calls a regression with the wanted power.

    Simulated: the mean's test and the benchmarks' find it together. At most 1.
    """
    low, high = 0.0, 1.0
    while high - low > max(2e-5, 0.01 * low):
        middle = (low + high) / 2
        low, high = (
            (low, middle)
            if power_of_mean(benches, middle, requirements, seed) >= requirements.power
            else (middle, high)
        )
    return high


def power_of_mean(benches: Sequence[Bench], drop: float, requirements: Requirements, seed: int = 0) -> float:
    """The probability that a drop of every held benchmark at once is called a regression."""
    sizes = [bench.items for bench in benches]
    dropped = [bench if bench.target else bench.dropped(drop) for bench in benches]
    found = proven(
        sizes,
        [bench.flips for bench in dropped],
        [0.0 if bench.target else -drop for bench in benches],
        se=_errors(dropped, sizes),
        alpha=requirements.alpha,
        design=design_of(benches),
        simulations=max(2_000, min(10_000, 100_000 // len(benches))),
        seed=seed,
    )
    return float(np.mean(found.any(axis=-1)))


def _errors(benches: Sequence[Bench], sizes: Sequence[int]) -> list[float]:
    """Standard errors of means of repeats, of at least one answer that flips; NaN for tables of 0/1 flips."""
    return [
        float(np.sqrt(max(bench.variance, 1 / (size * bench.answers**2)) / size)) if bench.averaged else float("nan")
        for bench, size in zip(benches, sizes, strict=True)
    ]


def _bench_plan(bench: Bench, weight: float, requirements: Requirements) -> BenchPlan:
    return BenchPlan(
        task=bench.task,
        items=bench.items,
        repeats=bench.repeats,
        flips=bench.flips,
        target=bench.target,
        mde=_smallest_found(bench, requirements.alpha, requirements.power),
        mde_in_suite=_smallest_found(bench, requirements.alpha * weight, requirements.power),
        margin=_margin_alone(bench, requirements),
        items_for_effect=_items_for_effect(bench, weight, requirements),
        repeats_for_effect=_repeats_for_effect(bench, weight, requirements),
        seconds=_seconds(bench, bench.items, requirements),
    )


def _smallest_found(bench: Bench, level: float, power: float) -> float:
    """The smallest drop found at this level: exact where few flips are expected, else the normal approximation. At
    most 1."""
    rough = float(mde(bench.items, bench.variance, level, power))
    if 0 < rough <= bench.flips and (bench.averaged or bench.items * bench.flips >= _MANY):
        return rough
    low, high = 0.0, 1.0
    while high - low > 1e-4 * high:
        middle = (low + high) / 2
        enough = power_of_drop(bench, bench.items, middle, level) >= power
        low, high = (low, middle) if enough else (middle, high)
    return high


def power_of_drop(bench: Bench, n: int, drop: float, level: float) -> float:
    """The probability that a drop of one benchmark is found in `n` of its items."""
    dropped = bench.dropped(drop)
    if bench.averaged:
        return float(special.ndtr(drop * np.sqrt(n / dropped.variance) - special.ndtri(1 - level)))
    return mcnemar_power(n, dropped.flips, drop, level)


def _margin_alone(bench: Bench, requirements: Requirements) -> float:
    """The margin whose `items_for_margin` are the items there are, by bisection."""
    low, high = 1e-6, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        enough = items_for_margin(middle, bench.variance, requirements.alpha, requirements.power) <= bench.items
        low, high = (low, middle) if enough else (middle, high)
    return high


def _items_for_effect(bench: Bench, weight: float, requirements: Requirements) -> int | None:
    if requirements.effect is None:
        return None
    variance = bench.dropped(requirements.effect).variance
    return int(items_needed(requirements.effect, variance, requirements.alpha * weight, requirements.power))


def _repeats_for_effect(bench: Bench, weight: float, requirements: Requirements) -> int | None:
    """Averaging leaves (π − noise) of the variance and divides the noise: the repeats that bring it to what is needed.

    The baseline's repeats stay what they are where they are given, else both runs are repeated.
    """
    if requirements.effect is None:
        return None
    reach = special.ndtri(1 - requirements.alpha * weight) + special.ndtri(requirements.power)
    bench = bench.dropped(requirements.effect)
    allowed = bench.items * (requirements.effect / reach) ** 2
    fixed = max(0.0, bench.flips - bench.noise)
    if bench.flips <= allowed:
        return 1
    if bench.noise and bench.baseline_repeats:
        room = 2 * (allowed - fixed) / bench.noise - 1 / bench.baseline_repeats
        return int(np.ceil(1 / room - 1e-9)) if room > 0 else None
    return None if bench.noise == 0 or allowed <= fixed else int(np.ceil(bench.noise / (allowed - fixed)))


def cheapest_sizes(benches: Sequence[Bench], requirements: Requirements, seed: int) -> dict[str, int] | None:
    """The cheapest sizes that find the wanted effect in each benchmark and clear an unchanged model at the margin.

    A mean's variance Σ v/n is lowest for a cost Σ c·n when n ∝ sqrt(v/c) (Neyman's allocation), up to what each
    benchmark has; the scale is found by bisection, each step checked by simulation. Targets keep their items.
    """
    if requirements.margin is None and requirements.effect is None:
        return None
    weights, held = design_of(benches).weights, [i for i, bench in enumerate(benches) if not bench.target]
    floor = [(_items_for_effect(bench, weights[i], requirements) or 1) for i, bench in enumerate(benches)]
    floor = [bench.items if bench.target else least for bench, least in zip(benches, floor, strict=True)]
    if any(least > bench.items for least, bench in zip(floor, benches, strict=True)):
        return None
    if requirements.margin is None:
        return {benches[i].task: floor[i] for i in held}
    shape = np.array([np.sqrt(bench.variance / (bench.tokens * bench.repeats)) for bench in benches])
    shape = np.where(shape > 0, shape, shape.max() or 1.0)
    full = np.array([bench.items for bench in benches])

    def sizes(scale: float) -> list[int]:
        return [int(n) for n in np.clip(np.ceil(scale * shape / shape.max()), floor, full)]

    def enough(scale: float) -> bool:
        unchanged = simulate(benches, requirements, sizes(scale), seed)
        return requirements.margin is not None and unchanged.passes(requirements.margin) >= requirements.power

    low, high = 1.0, float(np.max(full * shape.max() / shape))
    if not enough(high):
        return None
    while high > low * 1.01 + 1:
        middle = (low * high) ** 0.5
        low, high = (low, middle) if enough(middle) else (middle, high)
    return {benches[i].task: sizes(high)[i] for i in held}


def _seconds(bench: Bench, items: int, requirements: Requirements) -> float | None:
    if not requirements.tokens_per_second:
        return None
    return items * bench.repeats * bench.tokens / requirements.tokens_per_second


def _total(seconds: Any) -> float | None:
    values = list(seconds)
    return None if any(value is None for value in values) else float(sum(values))
