"""The verdict of each benchmark within its family, in words and numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import special

from holdfast.compare.effect import Measured
from holdfast.compare.pairing import Pairs
from holdfast.compare.result import Role, Verdict
from holdfast.stats.multiple import holm

MAX_UNJUDGED = 0.01
_POWER = 0.8


@dataclass(frozen=True, slots=True)
class Rules:
    """What one benchmark is judged by."""

    role: Role
    margin: float
    allowed_drop: float = 0.0
    family: str = "held"
    alpha: float = 0.05
    max_unjudged: float = MAX_UNJUDGED


@dataclass(frozen=True, slots=True)
class Judged:
    """A benchmark with its place in its family."""

    pairs: Pairs
    measured: Measured
    rules: Rules
    holm_regressed: float
    holm_improved: float
    verdict: Verdict
    items_to_decide: int | None
    family: int = 1
    """Benchmarks judged together with it, itself included."""


def judge(benchmarks: Sequence[tuple[Pairs, Measured, Rules]]) -> list[Judged]:
    """Holm within each family, then a verdict each. Ignored benchmarks are families of their own."""
    families = [
        f"{rules.role}:{pairs.task if rules.role == 'ignored' else rules.family}" for pairs, _, rules in benchmarks
    ]
    judged: dict[int, Judged] = {}
    for family in dict.fromkeys(families):
        members = [index for index, name in enumerate(families) if name == family]
        down = holm([benchmarks[index][1].p_regressed for index in members])
        up = holm([benchmarks[index][1].p_improved for index in members])
        for index, worse, better in zip(members, down.tolist(), up.tolist(), strict=True):
            judged[index] = _judged(*benchmarks[index], worse, better, len(members))
    return [judged[index] for index in range(len(benchmarks))]


def _judged(pairs: Pairs, measured: Measured, rules: Rules, worse: float, better: float, family: int) -> Judged:
    verdict = _verdict(pairs, measured, rules, worse, better)
    unknown = verdict is Verdict.INCONCLUSIVE and not too_many_unjudged(pairs, rules)
    items = items_to_decide(measured, pairs.n, rules, family) if unknown else None
    return Judged(pairs, measured, rules, worse, better, verdict, items, family)


def too_many_unjudged(pairs: Pairs, rules: Rules) -> bool:
    """Whether more rows than the rules accept could not be judged."""
    return pairs.unjudged_share > rules.max_unjudged


def _verdict(pairs: Pairs, measured: Measured, rules: Rules, worse: float, better: float) -> Verdict:
    if too_many_unjudged(pairs, rules):
        return Verdict.INCONCLUSIVE
    if worse <= rules.alpha and measured.difference < -rules.allowed_drop:
        return Verdict.REGRESSED
    if measured.interval.high < -max(rules.margin, rules.allowed_drop):
        return Verdict.BEYOND_MARGIN
    if better <= rules.alpha and measured.difference > 0:
        return Verdict.IMPROVED
    if measured.lower > -max(rules.margin, rules.allowed_drop):
        return Verdict.NON_INFERIOR
    return Verdict.INCONCLUSIVE


def items_to_decide(measured: Measured, n: int, rules: Rules, family: int) -> int:
    """The items at which a verdict is reached with 80 % probability if the true difference is the one observed.

    Non-inferior when the difference is above −margin, regressed (at Holm's first step) when it is below 0: the easier
    of the two that can be reached.
    """
    z = float(special.ndtri(1 - rules.alpha))
    power, first_step = float(special.ndtri(_POWER)), float(special.ndtri(1 - rules.alpha / family))
    spread = max(measured.variance, 1.0 / n)
    margin = max(rules.margin, rules.allowed_drop)
    above, below = measured.difference + margin, -measured.difference - rules.allowed_drop
    needed = [spread * ((z + power) / above) ** 2] if above > 0 else []
    needed += [spread * ((first_step + power) / below) ** 2] if below > 0 else []
    return max(n + 1, math.ceil(min(needed))) if needed else n + 1
