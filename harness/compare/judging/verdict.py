"""The verdict of each benchmark within its family, in words and numbers."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from holdfast.compare.judging.effect import Measured
from holdfast.compare.reading.pairing import Pairs
from holdfast.compare.result import Role, Verdict
from holdfast.stats.interval import score_lower
from holdfast.stats.multiple import holm
from holdfast.stats.omnibus import Strata
from holdfast.stats.power import mde
from holdfast.stats.suite import LARGEST, Design

MAX_UNJUDGED = 0.01
_POWER = 0.8


@dataclass(frozen=True, slots=True)
class Rules:
    """What one benchmark is judged by."""

    role: Role
    margin: float
    """The drop that must be ruled out to call it held."""
    beyond: float = 0.0
    """The suite's margin: an interval wholly below minus this is "likely worse"."""
    allowed_drop: float = 0.0
    min_effect: float = 0.0
    family: str = "held"
    alpha: float = 0.05
    """The error probability shared by everything that is judged."""
    max_unjudged: float = MAX_UNJUDGED


@dataclass(frozen=True, slots=True)
class Judged:
    """A benchmark with its place among the others."""

    pairs: Pairs
    measured: Measured
    rules: Rules
    holm_regressed: float
    holm_improved: float
    verdict: Verdict
    items_to_decide: int | None
    family: int = 1
    """Benchmarks judged together with it, itself included."""
    weight: float = 1.0
    """Its part of α."""

    @property
    def power_drop(self) -> float:
        """The drop found with 80 % probability at its part of α."""
        return float(mde(self.pairs.n, self.measured.variance, self.rules.alpha * self.weight, _POWER))


Entry = tuple[Pairs, Measured, Rules]


def judge(
    benchmarks: Sequence[Entry], parts: Mapping[str, float] | None = None, runs: int = 1
) -> tuple[list[Judged], float]:
    """A verdict each, and the adjusted p of a drop of the held skills' mean.

    α is shared by everything that is judged (`stats.suite.Design`); `parts` gives a policy's families their part of
    it, `runs` is the number of comparisons that share it. Gains have a family of their own: the targets, or the held
    skills. Ignored benchmarks stand alone.
    """
    judging = [index for index, (_, _, rules) in enumerate(benchmarks) if rules.role != "ignored"]
    chosen = [benchmarks[index] for index in judging]
    design = design_of([rules for _, _, rules in chosen], parts, runs)
    down = design.adjusted(strata_of([(p.n, m) for p, m, _ in chosen]), [m.p_regressed for _, m, _ in chosen])
    worse = {index: float(p) for index, p in zip(judging, down[:-1], strict=True)}
    weights = dict(zip(judging, design.weights.tolist(), strict=False))
    better = _gains(benchmarks)
    judged = [
        _judged(entry, worse.get(i, entry[1].p_regressed), better[i], weights.get(i, 1.0), len(judging))
        for i, entry in enumerate(benchmarks)
    ]
    return judged, float(down[-1]) if design.weights[-1] > 0 else 1.0


def in_mean(rules: Rules) -> bool:
    """Whether a benchmark is part of the mean that must hold: one that the policy trades away is not."""
    return rules.role == "held" and not rules.allowed_drop


def design_of(rules: Sequence[Rules], parts: Mapping[str, float] | None = None, runs: int = 1) -> Design:
    """How α is shared: a policy's families have equal parts with the rest, or those of `parts`; equal within each."""
    families = [one.family if one.role == "held" else "held" for one in rules]
    given = {name: part for name, part in (parts or {}).items() if part and name in families}
    others = [name for name in dict.fromkeys(families) if name not in given]
    rest = max(0.0, 1.0 - sum(given.values()))
    part = {**given, **{name: rest / len(others) for name in others}}
    shares = [part[name] / families.count(name) for name in families]
    return Design.of([in_mean(one) for one in rules], shares, 1.0 / runs)


def strata_of(measured: Sequence[tuple[int, Measured]]) -> Strata:
    """(items, numbers) of benchmarks as strata: tables of flips, or estimates with their standard errors."""
    tables = [m.graded or m for _, m in measured]
    n = np.array([size for size, _ in measured], dtype=float)
    return Strata(
        difference=np.array([m.difference for _, m in measured]),
        n=n,
        lost=np.array([0.0 if m.estimate else one.lost for (_, m), one in zip(measured, tables, strict=True)]),
        gained=np.array([0.0 if m.estimate else one.gained for (_, m), one in zip(measured, tables, strict=True)]),
        se=np.array([m.estimate.se if m.estimate else np.nan for _, m in measured]),
        df=np.array([m.estimate.df if m.estimate else m.graded.df if m.graded else np.nan for _, m in measured]),
        scale=np.array([m.graded.scale if m.graded else 1.0 for _, m in measured]),
        null=np.array([m.estimate.null if m.estimate else np.nan for _, m in measured]),
    )


def _gains(benchmarks: Sequence[Entry]) -> dict[int, float]:
    """Adjusted p of a gain: Holm among the targets, and among the held skills of a family."""
    families = [
        f"{rules.role}:{pairs.task if rules.role == 'ignored' else rules.family}" for pairs, _, rules in benchmarks
    ]
    found: dict[int, float] = {}
    for family in dict.fromkeys(families):
        members = [index for index, name in enumerate(families) if name == family]
        adjusted = holm([benchmarks[index][1].p_improved for index in members])
        found |= dict(zip(members, adjusted.tolist(), strict=True))
    return found


def _judged(entry: Entry, worse: float, better: float, weight: float, family: int) -> Judged:
    pairs, measured, rules = entry
    verdict = _verdict(pairs, measured, rules, worse, better)
    unknown = verdict is Verdict.INCONCLUSIVE and not undecidable(pairs, measured, rules)
    items = items_to_decide(measured, pairs.n, rules, weight) if unknown else None
    return Judged(pairs, measured, rules, worse, better, verdict, items, family, weight)


def undecidable(pairs: Pairs, measured: Measured, rules: Rules) -> bool:
    """Whether too many rows could not be judged, or too few clusters say anything of the error."""
    return bool(measured.refused) or too_many_unjudged(pairs, rules)


def too_many_unjudged(pairs: Pairs, rules: Rules) -> bool:
    """Whether more rows than the rules accept could not be judged."""
    return pairs.unjudged_share > rules.max_unjudged


def _verdict(pairs: Pairs, measured: Measured, rules: Rules, worse: float, better: float) -> Verdict:
    if too_many_unjudged(pairs, rules):
        return Verdict.INCONCLUSIVE
    if proven_drop(measured.difference, worse, rules):
        return Verdict.REGRESSED
    if measured.interval.high < -max(rules.beyond, rules.allowed_drop, rules.min_effect):
        return Verdict.BEYOND_MARGIN
    if better <= rules.alpha and measured.difference > 0:
        return Verdict.IMPROVED
    if measured.lower > -max(rules.margin, rules.allowed_drop):
        return Verdict.NON_INFERIOR
    return Verdict.INCONCLUSIVE


def proven_drop(difference: float, worse: float, rules: Rules) -> bool:
    """Whether a drop is proven and not smaller than what the user calls one."""
    return worse <= rules.alpha and difference < -rules.allowed_drop and -difference >= rules.min_effect


def own_margin(measured: Measured, n: int, alpha: float) -> float:
    """The margin that a benchmark alone can rule out with 80 % probability when nothing changed, at most `LARGEST`."""
    reach = float(special.ndtri(1 - alpha) + special.ndtri(_POWER))
    nothing = -float(score_lower(0, 0, n, alpha))
    return min(LARGEST, max(reach * math.sqrt(measured.variance / n), nothing))


def items_to_decide(measured: Measured, n: int, rules: Rules, weight: float) -> int:
    """The items at which a verdict is reached with 80 % probability if the true difference is the one observed.

    Non-inferior when the difference is above −margin, regressed (at its part `weight` of α) when it is below 0: the
    easier of the two that can be reached.
    """
    z = float(special.ndtri(1 - rules.alpha))
    power, first_step = float(special.ndtri(_POWER)), float(special.ndtri(1 - rules.alpha * weight))
    spread = max(measured.variance, 1.0 / n)
    margin = max(rules.margin, rules.allowed_drop)
    above, below = measured.difference + margin, -measured.difference - rules.allowed_drop
    needed = [spread * ((z + power) / above) ** 2] if above > 0 else []
    needed += [spread * ((first_step + power) / below) ** 2] if below > 0 else []
    return max(n + 1, math.ceil(min(needed))) if needed else n + 1
