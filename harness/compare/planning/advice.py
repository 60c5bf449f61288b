"""What would decide an inconclusive suite: more items or more answers per item, the cheapest first, as commands."""

import math
import shlex
from collections.abc import Mapping, Sequence

import numpy as np
from scipy import special

from holdfast.compare.judging.verdict import Judged, in_mean, undecidable
from holdfast.compare.planning.measuring_again import Remeasure
from holdfast.compare.reading.columns import Items
from holdfast.compare.result import Decision, Omnibus

_POWER = 0.8
_MOST_REPEATS = 1_024


def advice(
    decision: Decision, judged: Sequence[Judged], macro: Omnibus | None, margin: float, remeasure: Remeasure
) -> tuple[str, ...]:
    """Sentences that end in a command; empty when more items would not help (rows that cannot be judged)."""
    if decision is not Decision.INCONCLUSIVE or macro is None:
        return ()
    held = [one for one in judged if in_mean(one.rules)]
    stuck = [one.pairs.task for one in held if undecidable(one.pairs, one.measured, one.rules)]
    if stuck or macro.non_inferior:
        return ()
    factor = _factor(held, macro, margin)
    if factor is None:
        return (
            f"more items would not help: the mean changed by {100 * macro.difference:.2f} points, and the margin is "
            f"{100 * margin:.4g}; look at the items that were lost",
        )
    ways = [
        *_more_items(judged, held, factor, margin, remeasure),
        *_more_answers(judged, held, factor, margin, remeasure),
    ]
    return tuple(text for _, text in sorted(ways)) or (_everything(judged, held, remeasure),)


def _factor(held: Sequence[Judged], macro: Omnibus, margin: float) -> float | None:
    """By how much the variance of the mean must fall for a pass with 80 % probability at the change seen, or, where a
    drop was seen that may be chance, at no change."""
    reach = float(special.ndtri(1 - held[0].rules.alpha) + special.ndtri(_POWER))
    room = margin + min(macro.difference, 0.0)
    if room <= margin / 4:
        room = margin if macro.interval.high > 0 else 0.0
    if room <= 0:
        return None
    variance = sum(_variance(one) / one.pairs.n for one in held) / len(held) ** 2
    return max(1.05, variance * (reach / room) ** 2)


def _more_items(
    judged: Sequence[Judged], held: Sequence[Judged], factor: float, margin: float, remeasure: Remeasure
) -> list[tuple[float, str]]:
    """(cost in tokens, sentence) of the cheapest sizes; none where the benchmarks have no more items."""
    sizes = _sizes(held, factor, remeasure.available)
    if sizes is None:
        return []
    cost = sum((sizes[one.pairs.task] - one.pairs.n) * _tokens(one) * one.pairs.repeats for one in held)
    listed = ", ".join(
        f"{one.pairs.task} {sizes[one.pairs.task]:,}" for one in held if sizes[one.pairs.task] > one.pairs.n
    )
    every = {one.pairs.task: max(one.pairs.n, one.pairs.result.n) for one in judged} | sizes
    sizes_argument = f"sizes=[{','.join(f'{task}:{size}' for task, size in every.items())}]"
    command = remeasure.commands(sizes_argument, margin=margin) or _plan(held, sizes_argument, margin)
    return [(cost, f"more items ({listed}; {_price(cost, remeasure)}): {command}")]


def _everything(judged: Sequence[Judged], held: Sequence[Judged], remeasure: Remeasure) -> str:
    """Where not even all items there are would be enough: what measuring all of them decides."""
    most = {one.pairs.task: max(one.pairs.n, remeasure.available.get(one.pairs.task, 0)) for one in held}
    reach = float(special.ndtri(1 - held[0].rules.alpha) + special.ndtri(_POWER))
    spread = math.sqrt(sum(_variance(one) / most[one.pairs.task] for one in held)) / len(held)
    margin = math.ceil(1_000 * reach * spread) / 1_000
    every = {one.pairs.task: max(one.pairs.n, one.pairs.result.n) for one in judged} | most
    sizes_argument = f"sizes=[{','.join(f'{task}:{size}' for task, size in every.items())}]"
    command = remeasure.commands(sizes_argument, margin=margin) or _plan(held, sizes_argument, margin)
    return f"not even all items there are decide it: add benchmarks, or take margin={100 * margin:.3g}: {command}"


def _sizes(held: Sequence[Judged], factor: float, available: Mapping[str, int]) -> dict[str, int] | None:
    """The items that bring Σ v/n to its `factor`-th part at the least Σ c·n: n ∝ sqrt(v/c), never fewer than there are
    and never more than the benchmark has. None where all it has is not enough."""
    target = sum(_variance(one) / one.pairs.n for one in held) / factor
    shape = [math.sqrt(_variance(one) / (_tokens(one) * one.pairs.repeats)) for one in held]
    most = [max(one.pairs.n, available.get(one.pairs.task, 10**9)) for one in held]

    def sizes(scale: float) -> list[int]:
        wanted = (math.ceil(scale * part) for part in shape)
        return [min(top, max(one.pairs.n, n)) for one, n, top in zip(held, wanted, most, strict=True)]

    def variance(scale: float) -> float:
        return sum(_variance(one) / n for one, n in zip(held, sizes(scale), strict=True))

    low, high = 0.0, 1e9 / min(shape)
    if variance(high) > target:
        return None
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (low, middle) if variance(middle) <= target else (middle, high)
    return {one.pairs.task: n for one, n in zip(held, sizes(high), strict=True)}


def _more_answers(
    judged: Sequence[Judged], held: Sequence[Judged], factor: float, margin: float, remeasure: Remeasure
) -> list[tuple[float, str]]:
    """(cost in tokens, sentence) of more answers per item, where answers vary and averaging that away is enough."""
    now = max(one.pairs.repeats for one in held)
    if any(one.pairs.before.repeats < 2 or one.pairs.after.repeats < 2 for one in held):
        return []
    target = sum(_variance(one) / one.pairs.n for one in held) / factor
    noise = sum(_noise(one) / one.pairs.n for one in held)
    fixed = max(0.0, target * factor - noise)
    if target <= fixed or (times := math.ceil(now * noise / (target - fixed))) > _MOST_REPEATS:
        return []
    times = max(times, now + 1)
    cost = sum(one.pairs.n * (times - one.pairs.after.repeats) * _tokens(one) for one in held)
    every = {one.pairs.task: max(one.pairs.n, one.pairs.result.n) for one in judged}
    sizes = f"sizes=[{','.join(f'{task}:{size}' for task, size in every.items())}]"
    again = remeasure.commands(sizes, f"repeats={times}", margin=margin)
    command = again or _plan(held, f"{sizes} repeats={times}", margin)
    return [(cost, f"{times} answers per item ({_price(cost, remeasure)}): {command}")]


def _plan(held: Sequence[Judged], sizes_arguments: str, margin: float) -> str:
    """Where nothing tells how the runs were measured: what measuring so much would find."""
    answers = max(one.pairs.before.repeats for one in held), max(one.pairs.after.repeats for one in held)
    noise = sum(_noise(one) for one in held) / len(held) if max(answers) > 1 else 0.0
    flips = sum(_variance(one) for one in held) / len(held) - noise
    arguments = [*sizes_arguments.split(), f"margin={100 * margin:.4g}"]
    if max(answers) == 1:
        return shlex.join(["holdfast", "plan", *arguments, f"flips={min(flips, 0.99):.3g}"])
    single = 2 * noise / (1 / answers[0] + 1 / answers[1])  # of single answers, as `plan` takes them
    repeats = [] if "repeats=" in sizes_arguments else [f"repeats={answers[1]}", f"baseline_repeats={answers[0]}"]
    all_flips = min(0.99, flips + single)
    return shlex.join(
        ["holdfast", "plan", *arguments, *repeats, f"flips={all_flips:.3g}", f"noise={min(single, all_flips):.3g}"]
    )


def _variance(one: Judged) -> float:
    """Variance of an item's difference, of at least one flip: none seen is not none."""
    return max(one.measured.variance, 1.0 / one.pairs.n)


def _noise(one: Judged) -> float:
    """The part of it that comes from answers of the same item varying."""
    return min(_variance_within(one.pairs.before) + _variance_within(one.pairs.after), _variance(one))


def _variance_within(items: Items) -> float:
    """Mean over items of the variance of the mean of its answers."""
    scores = items.table.column("score")
    first, second = items.mean(scores), items.mean(scores**2)
    counts = np.maximum(items.counts, 2)
    return float(np.nanmean(np.maximum(second - first**2, 0.0) / (counts - 1)))


def _tokens(one: Judged) -> float:
    """Mean length of an answer after, at least 1; 256 where it is not known."""
    after = one.pairs.trait("tokens")[1]
    known = after[after == after]
    return max(1.0, float(known.mean())) if known.size else 256.0


def _price(tokens: float, remeasure: Remeasure) -> str:
    count = f"{tokens / 1e6:.1f} million" if tokens >= 1e6 else f"{max(1, round(tokens / 1e3)):,} thousand"
    return f"about {count} more tokens per run{remeasure.minutes(tokens)}"
