"""One benchmark measured: its difference, interval and p values, before it is judged among the others."""

from dataclasses import dataclass, replace

import numpy as np

from holdfast.compare.pairing import Pairs
from holdfast.compare.result import Interval
from holdfast.stats.interval import score_interval, score_lower, score_p, score_upper
from holdfast.stats.means import Estimate, clustered_difference, mean_difference, sign_flip_p
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
    """The same on the other side."""
    p_regressed: float
    """Of H0: the drop is at most the allowed one."""
    p_improved: float
    method: str
    variance: float
    """Per item, of a difference when nothing changed; for 0/1 scores the share of flips."""
    mde: float
    lost: int | None = None
    gained: int | None = None
    clusters: int | None = None
    estimate: Estimate | None = None
    """Of scores that are not a table of 0/1 flips."""


def measure(pairs: Pairs, *, alpha: float, confidence: float, allowed: float, seed: int) -> Measured:
    """Interval and test by the kind of the scores: clustered, 0/1, or other."""
    labels = pairs.labels(pairs.before.table.cluster)
    if any(label is not None for label in labels):
        named = [label if label is not None else f"\0{i}" for i, label in enumerate(labels)]
        if len(set(named)) < len(named):
            return _clustered(pairs, named, alpha, confidence, allowed)
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


def _clustered(pairs: Pairs, labels: list[str], alpha: float, confidence: float, allowed: float) -> Measured:
    estimate = clustered_difference(pairs.y - pairs.x, labels)
    clusters = len(set(labels))
    method = f"t interval and test with standard errors clustered in {clusters} groups"
    return _of_estimate(pairs, estimate, estimate.p("regressed", -allowed), method, alpha, confidence, clusters)


def _graded(pairs: Pairs, alpha: float, confidence: float, allowed: float, seed: int) -> Measured:
    d = pairs.y - pairs.x
    p = sign_flip_p(d + allowed, "regressed", seed=seed)
    return _of_estimate(pairs, mean_difference(d), p, "t interval, sign-flip permutation test", alpha, confidence, None)


def _cautious(estimate: Estimate, changed: int, n: int) -> Estimate:
    """Hardly any item changed: the spread seen is no measure of the spread there is.

    se at least 1.645/n, at which the 95 % interval without any change is that of 0/1 scores (±3.2/n; theirs is 3.15/n).
    """
    return replace(estimate, se=max(estimate.se, 1.645 / n)) if changed < _FEW else estimate


def _of_estimate(
    pairs: Pairs,
    estimate: Estimate,
    p: float,
    method: str,
    alpha: float,
    confidence: float,
    clusters: int | None,
) -> Measured:
    d = pairs.y - pairs.x
    variance = estimate.se**2 * pairs.n
    estimate = _cautious(estimate, int(np.count_nonzero(d)), pairs.n)
    improved = estimate.p("improved") if clusters else sign_flip_p(d, "improved", seed=0)
    one_sided = estimate.interval(1 - 2 * alpha)
    return Measured(
        difference=estimate.mean,
        interval=Interval(*estimate.interval(confidence)),
        lower=one_sided[0],
        upper=one_sided[1],
        p_regressed=p,
        p_improved=improved,
        method=method,
        variance=variance,
        mde=float(mde(pairs.n, variance, alpha)),
        lost=int(np.sum(d < 0)) if pairs.binary else None,
        gained=int(np.sum(d > 0)) if pairs.binary else None,
        clusters=clusters,
        estimate=estimate,
    )
