"""One benchmark measured: its difference, interval and p values, before it is judged among the others."""

from dataclasses import dataclass, replace

import numpy as np

from holdfast.compare.reading.columns import Numbers
from holdfast.compare.reading.pairing import Pairs
from holdfast.compare.result import Interval
from holdfast.stats.clusters import FEWEST_DF, Clustered, clustered_difference
from holdfast.stats.graded import Graded, unequal_repeats
from holdfast.stats.interval import score_interval, score_lower, score_p, score_upper
from holdfast.stats.means import Estimate, sign_flip_p
from holdfast.stats.paired import mcnemar_midp
from holdfast.stats.power import mde

_FEW = 3


@dataclass(frozen=True, slots=True)
class Measured:
    """The numbers of one benchmark. `p_…` are one-sided."""

    difference: float
    interval: Interval
    lower: float
    """One-sided bound at 1 − alpha, for non-inferiority."""
    upper: float
    """The upper bound on the other side."""
    p_regressed: float
    """p of H0: the drop is at most the allowed one."""
    p_improved: float
    method: str
    variance: float
    """Per item, of a difference when nothing changed; for 0/1 scores the share of flips."""
    mde: float
    lost: int | None = None
    gained: int | None = None
    clusters: int | None = None
    estimate: Estimate | None = None
    """The mean with its standard error, of clustered items."""
    graded: Graded | None = None
    """The table of flips that stands for scores other than 0/1."""
    refused: str = ""
    """Why there is no interval; empty when there is one."""


def measure(pairs: Pairs, *, alpha: float, confidence: float, allowed: float, seed: int) -> Measured:
    """Interval and test by the kind of the scores: clustered, 0/1, or other."""
    labels = pairs.labels(pairs.before.table.cluster)
    if any(label is not None for label in labels):
        named = [label if label is not None else f"\0{i}" for i, label in enumerate(labels)]
        if len(set(named)) < len(named):
            return _clustered(pairs, named, alpha, confidence, allowed, seed)
    if pairs.binary:
        return _table(pairs, alpha, confidence, allowed)
    return _graded(pairs, alpha, confidence, allowed, seed)


def _table(pairs: Pairs, alpha: float, confidence: float, allowed: float) -> Measured:
    lost, gained, n = int(np.sum(pairs.x > pairs.y)), int(np.sum(pairs.y > pairs.x)), pairs.n
    low, high = score_interval(lost, gained, n, confidence)
    tested = score_p(lost, gained, n, -allowed) if allowed else mcnemar_midp(lost, gained)
    rate = (lost + gained) / n
    return Measured(
        difference=(gained - lost) / n,
        interval=Interval(float(low), float(high)),
        lower=float(score_lower(lost, gained, n, alpha)),
        upper=float(score_upper(lost, gained, n, alpha)),
        p_regressed=float(tested),
        p_improved=float(mcnemar_midp(lost, gained, "improved")),
        method="skewness-corrected score interval, " + ("score test" if allowed else "mid-p McNemar test"),
        variance=rate,
        mde=float(mde(n, rate, alpha)),
        lost=lost,
        gained=gained,
    )


def _clustered(pairs: Pairs, labels: list[str], alpha: float, confidence: float, allowed: float, seed: int) -> Measured:
    """Interval by CR2 errors; the test flips the signs of whole clusters, which is exact whatever their sizes."""
    d = pairs.d
    estimate = clustered_difference(d, labels)
    sums = Clustered.of(d, labels).sums
    p = estimate.p("regressed", -allowed) if allowed else sign_flip_p(sums, "regressed", seed=seed)
    refused = ""
    if estimate.df < FEWEST_DF - 1e-9:
        refused = f"{len(set(labels))} clusters so unequal or so few count as {estimate.df + 1:.1f} equal ones"
        p = 1.0 if allowed else p  # signs cannot be flipped about a drop, and a t test is not to be trusted
        estimate = Estimate(estimate.mean, 1.0, float("nan"), estimate.null)
    estimate = _cautious(estimate, int(np.count_nonzero(d)), pairs.n)
    one_sided = (-1.0, 1.0) if refused else estimate.interval(1 - 2 * alpha)
    variance = min(1.0, estimate.se**2 * pairs.n)
    return Measured(
        difference=estimate.mean,
        interval=Interval(-1.0, 1.0) if refused else Interval(*estimate.interval(confidence)),
        lower=one_sided[0],
        upper=one_sided[1],
        p_regressed=p,
        p_improved=sign_flip_p(sums, "improved", seed=seed),
        method=f"t interval with CR2 errors and sign-flip test of {len(set(labels))} clusters",
        variance=variance,
        mde=float(mde(pairs.n, variance, alpha)),
        lost=int(np.sum(d < 0)) if pairs.binary else None,
        gained=int(np.sum(d > 0)) if pairs.binary else None,
        clusters=len(set(labels)),
        estimate=estimate,
        refused=refused,
    )


def _graded(pairs: Pairs, alpha: float, confidence: float, allowed: float, seed: int) -> Measured:
    d = pairs.d
    table = Graded.of(d)
    low, high = table.lower(0.5 + confidence / 2), table.upper(0.5 + confidence / 2)
    variance = float(table.scale**2 * (table.lost + table.gained) / pairs.n)
    down, up, test = _graded_tests(pairs, d, table, allowed, seed)
    return Measured(
        difference=float(d.mean()),
        interval=Interval(low, high),
        lower=table.lower(1 - alpha),
        upper=table.upper(1 - alpha),
        p_regressed=down,
        p_improved=up,
        method=f"skewness-corrected score interval of graded scores, {test}",
        variance=variance,
        mde=float(mde(pairs.n, max(variance, table.scale**2 / pairs.n), alpha)),
        graded=table,
    )


def _graded_tests(pairs: Pairs, d: Numbers, table: Graded, allowed: float, seed: int) -> tuple[float, float, str]:
    """p of a drop, p of a gain, and the test's name. Signs may be flipped where both runs answered equally often."""
    if pairs.before.repeats != pairs.after.repeats:
        estimate = unequal_repeats(d)
        return estimate.p("regressed", -allowed), estimate.p("improved"), "t test corrected for skewness"
    up = sign_flip_p(d, "improved", seed=seed)
    if allowed:
        return table.p_below(-allowed), up, "score test"
    return sign_flip_p(d, "regressed", seed=seed), up, "sign-flip permutation test"


def _cautious(estimate: Estimate, changed: int, n: int) -> Estimate:
    """Hardly any item changed: the spread seen is no measure of the spread there is.

    se at least 1.645/n, at which the 95 % interval without any change is that of 0/1 scores (±3.2/n; theirs is 3.15/n).
    """
    return replace(estimate, se=max(estimate.se, 1.645 / n)) if changed < _FEW else estimate
