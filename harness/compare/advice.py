"""What would decide an inconclusive suite: more items or more answers per item, the cheapest first, as commands."""

import math
from collections.abc import Sequence

from scipy import special

from holdfast.compare.judging.verdict import Judged, in_mean, undecidable
from holdfast.compare.result import Decision, Omnibus

_POWER = 0.8


def advice(decision: Decision, judged: Sequence[Judged], macro: Omnibus | None, margin: float) -> tuple[str, ...]:
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
    return tuple(text for _, text in sorted(_ways(held, factor)))


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


def _ways(held: Sequence[Judged], factor: float) -> list[tuple[float, str]]:
    """(cost in tokens, sentence): more items by Neyman's allocation, or more answers where they are sampled."""
    tokens = [_tokens(one) for one in held]
    target = sum(_variance(one) / one.pairs.n for one in held) / factor
    # Σ v/n = target at the least Σ c·n: n ∝ sqrt(v/c), never fewer than there are.
    root = sum(math.sqrt(_variance(one) * cost) for one, cost in zip(held, tokens, strict=True))
    sizes = [
        max(one.pairs.n, math.ceil(math.sqrt(_variance(one) / cost) * root / target))
        for one, cost in zip(held, tokens, strict=True)
    ]
    listed = ", ".join(
        f"{one.pairs.task} {size:,}" for one, size in zip(held, sizes, strict=True) if size > one.pairs.n
    )
    cost = sum((size - one.pairs.n) * each for one, size, each in zip(held, sizes, tokens, strict=True))
    plan = ",".join(f"{one.pairs.task}:{size}" for one, size in zip(held, sizes, strict=True))
    ways = [(cost, f"more items ({listed}; about {_count(cost)} more tokens per run): holdfast plan sizes=[{plan}]")]
    if all(one.pairs.repeats > 1 for one in held):
        times = math.ceil(max(one.pairs.repeats for one in held) * factor)
        more = sum(one.pairs.n * (times - one.pairs.repeats) * each for one, each in zip(held, tokens, strict=True))
        ways.append(
            (more, f"more answers per item (about {_count(more)} more tokens per run): holdfast eval repeats={times}")
        )
    return ways


def _variance(one: Judged) -> float:
    """Variance of an item's difference, of at least one flip: none seen is not none."""
    return max(one.measured.variance, 1.0 / one.pairs.n)


def _tokens(one: Judged) -> float:
    """Mean length of an answer after, at least 1; 256 where it is not known."""
    after = one.pairs.trait("tokens")[1]
    known = after[after == after]
    return max(1.0, float(known.mean())) if known.size else 256.0


def _count(tokens: float) -> str:
    return f"{tokens / 1e6:.1f} million" if tokens >= 1e6 else f"{max(1, round(tokens / 1e3)):,} thousand"
