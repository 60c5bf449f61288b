"""The suite's decision: no drop is proven, and the held skills' mean is non-inferior; then the policy's demands."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from holdfast.compare.judging.policy import Policy
from holdfast.compare.judging.verdict import Judged, strata_of, undecidable
from holdfast.compare.result import Check, Decision, Interval, Omnibus, Verdict
from holdfast.stats.omnibus import Weighting, combined_difference, lower_bound, p_regressed, upper_bound


@dataclass(frozen=True, slots=True)
class MeanRules:
    """What the mean of the held skills is judged by."""

    margin: float
    alpha: float
    confidence: float = 0.95
    min_effect: float = 0.0


def omnibus(kind: Weighting, held: Sequence[Judged], rules: MeanRules, adjusted: float = 1.0) -> Omnibus | None:
    """The held benchmarks together; None when there are none. `adjusted`: the p of a drop, among everything judged."""
    if not held:
        return None
    margin, alpha, confidence = rules.margin, rules.alpha, rules.confidence
    strata = strata_of([(one.pairs.n, one.measured) for one in held])
    weights = strata.weights(kind)
    one_sided = float(special.ndtri(1 - alpha))
    lower = float(lower_bound(strata, kind, one_sided))
    z = float(special.ndtri(0.5 + confidence / 2))
    p = float(p_regressed(strata, kind))
    difference = float(combined_difference(strata, kind))
    return Omnibus(
        kind=kind,
        tasks=len(held),
        n=sum(one.pairs.n for one in held),
        before=float(np.sum(weights * [one.pairs.x.mean() for one in held])),
        after=float(np.sum(weights * [one.pairs.y.mean() for one in held])),
        difference=difference,
        interval=Interval(float(lower_bound(strata, kind, z)), float(upper_bound(strata, kind, z))),
        lower_bound=lower,
        p_regressed=p,
        p_improved=1 - p,
        margin=margin,
        non_inferior=lower > -margin,
        upper_bound=float(upper_bound(strata, kind, one_sided)),
        holm_regressed=adjusted,
        regressed=adjusted <= alpha and difference < 0 and -difference >= rules.min_effect,
    )


def decide(
    judged: Sequence[Judged], macro: Omnibus | None, policy: Policy, alpha: float
) -> tuple[Decision, list[Check]]:
    """The decision and the policy's checks. A policy can withhold a pass (INCONCLUSIVE), never excuse a regression."""
    checks = policy_checks(judged, policy, alpha)
    judging = [one for one in judged if one.rules.role != "ignored"]
    if any(one.verdict is Verdict.REGRESSED for one in judging) or (macro is not None and macro.regressed):
        return Decision.REGRESSED, checks
    if any(undecidable(one.pairs, one.measured, one.rules) for one in judging):
        return Decision.INCONCLUSIVE, checks
    if any(not check.passed for check in checks):
        return Decision.INCONCLUSIVE, checks
    if macro is None:
        shown = bool(judging) and all(_suffices(one) for one in judging)
        return (Decision.PASS if shown else Decision.INCONCLUSIVE), checks
    return (Decision.PASS if macro.non_inferior else Decision.INCONCLUSIVE), checks


def _suffices(one: Judged) -> bool:
    """Without a held mean: a gain is proven, or, for a skill traded away, more than the agreed drop is ruled out."""
    return one.verdict is Verdict.IMPROVED or (
        one.verdict is Verdict.NON_INFERIOR and one.rules.role == "held" and one.rules.allowed_drop > 0
    )


def policy_checks(judged: Sequence[Judged], policy: Policy, alpha: float) -> list[Check]:
    """Every demand of a policy beyond the suite's own decision."""
    measured = {one.pairs.task: one for one in judged}
    checks = [_required(task, task in measured) for task in policy.required]
    for one in judged:
        if one.rules.role != "ignored":
            checks += _own_checks(one, policy)
    for name, family in policy.families.items():
        members = [one for one in judged if one.rules.family == name and one.rules.role == "held"]
        if family.margin is not None and members:
            checks.append(_family(name, members, MeanRules(family.margin, alpha)))
    return checks


def _required(task: str, there: bool) -> Check:
    return Check("required", there, f"{task} is required{'' if there else ' and was not measured'}", task)


def _own_checks(one: Judged, policy: Policy) -> list[Check]:
    task, own, n = one.pairs.task, policy.of(one.pairs.task), one.pairs.n
    checks = []
    fewest = policy.min_items if own.min_items is None else own.min_items
    if fewest:
        checks.append(Check("min_items", n >= fewest, f"{task}: {n:,} items of at least {fewest:,}", task))
    if own.non_inferior:
        bound = max(one.rules.margin, one.rules.allowed_drop)
        shown = one.measured.lower > -bound
        text = f"{task}: a drop of {100 * bound:g} points {'is' if shown else 'is not'} ruled out"
        checks.append(Check("non_inferior", True if shown else None, text, task))
    if policy.must_improve and one.rules.role == "target":
        gained = one.verdict is Verdict.IMPROVED
        checks.append(Check("must_improve", gained, f"{task}: {'a' if gained else 'no'} gain is proven", task))
    return checks


def _family(name: str, members: Sequence[Judged], rules: MeanRules) -> Check:
    together = omnibus("macro", members, rules)
    assert together is not None
    shown = together.non_inferior
    text = f"family {name}: a mean drop of {100 * rules.margin:g} points {'is' if shown else 'is not'} ruled out"
    return Check("family", True if shown else None, text)
