"""The cheapest way to measure a model after its training: all items, fewer, more answers before, or stop when decided.

Every design is judged by simulation or by the exact power of its tests: with which probability an unchanged model
passes, and with which a drop of the wanted effect in the weakest held benchmark is found.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from holdfast.compare.planning.power import Bench, Requirements, cheapest_sizes, design_of, power_of_drop
from holdfast.compare.planning.power import simulate as simulate_unchanged
from holdfast.stats.sequential.looks import Rule
from holdfast.stats.sequential.stopping import StopVerdict, may_stop, simulate

Unit = Literal["tokens", "items"]
_DRAWS = 1_000
_BEFORE = (2, 4, 8)
"""Answers per item of the run before that are tried."""


@dataclass(frozen=True, slots=True)
class Design:
    """One way to measure. Counts are of the run after, expected when nothing changed."""

    name: str
    items: float
    tokens: float
    decoded: float
    """Tokens that drafts leave to decode."""
    before: float
    """Tokens of the run before, measured once."""
    passes: float | None
    """Probability that an unchanged model is called held at the wanted margin; None without a margin."""
    finds: float | None
    """Probability that the wanted effect in the weakest held benchmark is called a regression."""
    sizes: Mapping[str, float]
    """Items of each benchmark."""
    enough: bool
    """Whether both probabilities reach the wanted power."""
    whole: tuple[str, ...] = ()
    """Held benchmarks that `stop=decided` measures whole, because they are too small to stop beside the others."""

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return asdict(self)


def designs(benches: Sequence[Bench], requirements: Requirements, drafts: float = 1.0, seed: int = 0) -> list[Design]:
    """All that are possible, the plain one first. `drafts`: the share of tokens that drafts leave to decode."""
    return [replace(one, decoded=one.tokens * drafts) for one in _designs(benches, requirements, seed)]


def cheapest(found: Sequence[Design], unit: Unit) -> Design | None:
    """The design with the fewest expected tokens or items that does what is wanted."""
    able = [one for one in found if one.enough]
    return min(able, key=lambda one: (one.items if unit == "items" else one.decoded, one.before), default=None)


def _designs(benches: Sequence[Bench], requirements: Requirements, seed: int) -> Iterator[Design]:
    yield _fixed("all items", benches, [bench.items for bench in benches], requirements, seed)
    yield from _subset("fewer items", benches, requirements, seed)
    for count in _BEFORE:
        repeated = [_repeated(bench, count) for bench in benches]
        if repeated != list(benches):
            yield from _subset(f"fewer items, {count} answers before", repeated, requirements, seed)
    held = [bench for bench in benches if not bench.target]
    if requirements.margin and held and not any(bench.averaged for bench in held):
        yield _stopped(benches, requirements, requirements.margin, seed)


def _repeated(bench: Bench, count: int) -> Bench:
    """With at least so many answers before, where answers vary."""
    is_more = bench.noise and count > (bench.baseline_repeats or bench.repeats)
    return replace(bench, baseline_repeats=count) if is_more else bench


def _subset(name: str, benches: Sequence[Bench], requirements: Requirements, seed: int) -> Iterator[Design]:
    sizes = cheapest_sizes(benches, requirements, seed)
    if sizes is not None and any(sizes.get(bench.task, bench.items) < bench.items for bench in benches):
        yield _fixed(name, benches, [sizes.get(bench.task, bench.items) for bench in benches], requirements, seed)


def _fixed(name: str, benches: Sequence[Bench], sizes: Sequence[int], requirements: Requirements, seed: int) -> Design:
    passes = None
    if requirements.margin is not None:
        passes = float(simulate_unchanged(benches, requirements, sizes, seed).passes(requirements.margin))
    finds = None
    if requirements.effect is not None:
        weights = design_of(benches).weights
        rows = zip(benches, sizes, weights.tolist(), strict=False)
        finds = min(
            power_of_drop(bench, n, requirements.effect, requirements.alpha * weight)
            for bench, n, weight in rows
            if not bench.target
        )
    return _design(name, benches, sizes, passes, finds, requirements)


def _stopped(benches: Sequence[Bench], requirements: Requirements, margin: float, seed: int) -> Design:
    """Held benchmarks stop when decided; targets, and held ones too small beside the others, are measured whole."""
    held = [bench for bench in benches if not bench.target]
    able = may_stop([bench.items for bench in held], margin, requirements.alpha)
    stopping = [bench for bench, stops in zip(held, able, strict=True) if stops]
    apart = [bench for bench, stops in zip(held, able, strict=True) if not stops]
    part = requirements.alpha / (len(benches) + 1)
    rule = Rule((margin,) * len(stopping), margin, part * (len(stopping) + 1))
    n, flips = tuple(bench.items for bench in stopping), tuple(bench.flips for bench in stopping)
    same = simulate(n, flips, (0.0,) * len(n), rule, simulations=_DRAWS, seed=seed)
    finds = None
    if requirements.effect is not None:
        effect = requirements.effect
        weakest = int(np.argmin([power_of_drop(b, b.items, effect, part) for b in stopping]))
        drop = tuple(-effect if k == weakest else 0.0 for k in range(len(n)))
        worse = simulate(n, flips, drop, rule, simulations=_DRAWS, seed=seed + 1)
        found = float((worse.verdict[:, weakest] == StopVerdict.REGRESSED).mean())
        finds = min([found, *(power_of_drop(b, b.items, effect, part) for b in apart)])
    mean = dict(zip([bench.task for bench in stopping], same.items.mean(axis=0).tolist(), strict=True))
    sizes = [mean.get(bench.task, float(bench.items)) for bench in benches]
    passes = float((same.decision == StopVerdict.HELD).mean()) * (1 - part * len(apart))
    made = _design("stop=decided", benches, sizes, passes, finds, requirements)
    return replace(made, whole=tuple(bench.task for bench in apart))


def _design(
    name: str,
    benches: Sequence[Bench],
    sizes: Sequence[float],
    passes: float | None,
    finds: float | None,
    requirements: Requirements,
) -> Design:
    rows = list(zip(benches, sizes, strict=True))
    whole = name == "stop=decided"  # the run before is then measured whole
    tokens = sum(n * bench.repeats * bench.tokens for bench, n in rows)
    before = sum((b.items if whole else n) * (b.baseline_repeats or b.repeats) * b.tokens for b, n in rows)
    reached = [value >= requirements.power for value in (passes, finds) if value is not None]
    named = {bench.task: float(n) for bench, n in rows}
    return Design(name, float(sum(sizes)), tokens, tokens, before, passes, finds, named, bool(reached) and all(reached))
