"""The skewness-corrected score interval: against oracles, its own inverse, and by enumeration of all tables."""

from itertools import pairwise

import numpy as np
import pytest
from helpers.all_tables import all_tables
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from holdfast.stats.interval import (
    ADJUSTMENT,
    corrected_statistic,
    lower_limit,
    moments,
    score_interval,
    score_lower,
    score_p,
    score_upper,
    skewed,
    tango_statistic,
    unskewed,
)
from holdfast.stats.paired import mcnemar_midp

TABLES = [(3, 10, 100), (0, 0, 50), (0, 7, 60), (12, 0, 541), (64, 293, 1319), (20, 20, 164), (700, 690, 14042)]
Z = float(stats.norm.ppf(0.975))
counts = st.integers(0, 40)


def _likeliest(b: int, c: int, n: int, delta: float) -> float:
    """P(lost) under a difference, found by maximising the multinomial likelihood numerically."""
    low, high = max(0.0, -delta), (1 - delta) / 2

    def slope(q: float) -> float:
        return b / q + c / (q + delta) - 2 * (n - b - c) / (1 - 2 * q - delta)

    edge = (high - low) * 1e-15
    return low if slope(low + edge) <= 0 else float(optimize.brentq(slope, low + edge, high - edge, xtol=1e-16))


@pytest.mark.parametrize(("lost", "gained", "n"), TABLES)
@pytest.mark.parametrize("delta", [-0.1, -0.02, 0.03])
def test_the_statistic_is_what_the_docstring_says(lost: int, gained: int, n: int, delta: float) -> None:
    """Moments by summing over the three outcomes of an item, at the numerically likeliest P(lost)."""
    q = _likeliest(lost, gained, n, delta)
    steps, p = np.array([-1.0, 0.0, 1.0]) - delta, np.array([q, 1 - 2 * q - delta, q + delta])
    variance, third = float(p @ steps**2), float(p @ steps**3)
    skewness = third / variance**1.5 / np.sqrt(n)
    distance = gained - lost - n * delta
    assert tango_statistic(lost, gained, n, delta) == pytest.approx(distance / np.sqrt(n * variance), rel=1e-6)
    reach = np.sign(distance) * max(abs(distance) - ADJUSTMENT, 0) / np.sqrt(n * variance * n / (n - 2))
    if skewness * reach < 1.5:
        wanted = reach - skewness * (reach**2 - 1) / 6
        assert corrected_statistic(lost, gained, n, delta) == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize(("lost", "gained", "n"), TABLES)
def test_limits_are_where_the_statistic_is_z(lost: int, gained: int, n: int) -> None:
    low, high = score_interval(lost, gained, n)
    assert corrected_statistic(lost, gained, n, low) == pytest.approx(Z, abs=1e-9)
    assert corrected_statistic(lost, gained, n, high) == pytest.approx(-Z, abs=1e-9)
    assert low < (gained - lost) / n < high


def test_without_flips_the_interval_is_nearly_the_rule_of_three() -> None:
    low, high = score_interval(0, 0, [100, 1_000, 14_042])
    assert np.allclose(high * [100, 1_000, 14_042], [3.133, 3.144, 3.145], atol=0.001)
    assert np.array_equal(low, -high)


@given(counts, counts, st.integers(0, 400), st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99, 0.999]))
def test_any_table_has_an_interval_that_mirrors(lost: int, gained: int, rest: int, confidence: float) -> None:
    n = max(1, lost + gained + rest)
    low, high = score_interval(lost, gained, n, confidence)
    mirrored = score_interval(gained, lost, n, confidence)
    assert -1 <= low <= (gained - lost) / n <= high <= 1
    assert (float(low), float(high)) == pytest.approx((-float(mirrored[1]), -float(mirrored[0])), abs=1e-12)


def test_every_small_table_has_nested_intervals() -> None:
    for n in range(1, 31):
        lost, gained = np.array([(b, c) for b in range(n + 1) for c in range(n + 1 - b)]).T
        wider = [score_interval(lost, gained, n, confidence) for confidence in (0.5, 0.8, 0.9, 0.95, 0.99)]
        for (low, high), (lower, higher) in pairwise(wider):
            assert np.all(lower <= low + 1e-12) and np.all(high <= higher + 1e-12)


@given(st.floats(-6, 6), st.floats(-3, 3))
def test_skewing_undoes_unskewing(statistic: float, skewness: float) -> None:
    t, g = np.array([statistic, statistic + 0.01]), np.array([skewness, skewness])
    corrected = unskewed(t, g)
    assert corrected[0] < corrected[1]
    assert skewed(corrected, g) == pytest.approx(t, abs=1e-9)


def test_bounds_and_p_values_are_dual() -> None:
    lower, upper = score_lower(10, 8, 300), score_upper(10, 8, 300)
    assert float(score_p(10, 8, 300, lower, below=False)) == pytest.approx(0.05, abs=1e-9)
    assert float(score_p(10, 8, 300, upper)) == pytest.approx(0.05, abs=1e-9)
    assert float(score_lower(10, 8, 300, 0.025)) == pytest.approx(float(score_interval(10, 8, 300)[0]), abs=1e-12)


def test_the_interval_and_the_mcnemar_test_agree_but_for_hairs() -> None:
    """One-sided bounds exclude 0 where the mid-p test rejects, for all tables of up to 400 flips, but where the p value
    is within 0.015 of the level; with 30 flips or more within 0.001."""
    for m in range(1, 401):
        lost = np.arange(m + 1.0)
        p = mcnemar_midp(lost, m - lost)
        excluded = corrected_statistic(lost, m - lost, 1_000, 0.0) <= -float(stats.norm.ppf(0.95))
        apart = p[(p <= 0.05) != excluded]
        assert np.all(np.abs(apart - 0.05) <= (0.0126 if m < 30 else 0.001))


def test_with_a_share_of_the_distance_the_skewness_is_left_alone() -> None:
    at = lower_limit(12, 5, 200, 0.8, share=0.5)
    spread, _ = moments(np.array(12.0), np.array(5.0), np.array(200.0), at)
    assert float((-7 - 200 * at - ADJUSTMENT / 2) / spread) == pytest.approx(0.8, abs=1e-9)


def test_whether_a_value_is_covered_is_told_by_the_statistic() -> None:
    """What the enumerations below rely on: no interval is computed there."""
    for n, flips, share in ((100, 0.1, 0.95), (250, 0.05, 0.6), (1_319, 0.02, 0.8)):
        lost, gained, _ = all_tables(n, flips, share)
        low, high = score_interval(lost, gained, n)
        truth = flips * (1 - 2 * share)
        covered = np.abs(corrected_statistic(lost, gained, n, truth)) <= Z
        assert np.array_equal((low <= truth) & (truth <= high), covered)


def _coverage(n: int, flips: float, share: float) -> float:
    lost, gained, weight = all_tables(n, flips, share)
    assert weight.sum() > 1 - 1e-7
    return float(weight @ (np.abs(corrected_statistic(lost, gained, n, flips * (1 - 2 * share))) <= Z))


def _check(n: int, flips: float, share: float) -> None:
    coverage = _coverage(n, flips, share)
    assert coverage >= 0.93, (n, flips, share, coverage)
    if n * flips >= 10 - 1e-9:
        assert 0.943 <= coverage <= 0.965, (n, flips, share, coverage)


@pytest.mark.parametrize("n", [100, 107, 115, 130, 146, 164, 198, 235, 300, 360, 450, 541, 817, 1_319])
def test_coverage_of_all_tables(n: int) -> None:
    """Flips 2–20 %, losses 50–95 % of them (5–45 % mirror): finely where few are expected, for there it swings."""
    few = np.arange(0.02, min(0.2001, 20 / n), 0.15 / n)
    for flips in np.concatenate([few, np.arange(max(0.02, 20 / n), 0.2001, 0.02)]):
        for share in np.concatenate([np.arange(0.5, 0.84, 0.05), np.arange(0.85, 0.951, 0.0125)]):
            _check(n, float(flips), float(share))


@pytest.mark.slow
@pytest.mark.parametrize("n", [*range(100, 300, 3), *range(300, 600, 15), *range(600, 1_320, 90), 1_319])
def test_coverage_of_all_tables_finely(n: int) -> None:
    """About 600,000 cells."""
    few = np.arange(0.02, min(0.2001, 25 / n), 0.04 / n)
    for flips in np.concatenate([few, np.arange(max(0.02, 25 / n), 0.2001, 0.005)]):
        for share in np.concatenate([np.arange(0.5, 0.84, 0.05), np.arange(0.85, 0.951, 0.01)]):
            _check(n, float(flips), float(share))


@pytest.mark.parametrize("flips", [0.02, 0.05, 0.1, 0.2])
@pytest.mark.parametrize("n", [2_000, 5_000, 14_000])
def test_coverage_of_large_benchmarks(n: int, flips: float) -> None:
    """All tables here too, no simulation."""
    for share in (0.5, 0.7, 0.85, 0.95):
        _check(n, flips, share)


def test_coverage_mirrors() -> None:
    for n, flips, share in ((100, 0.1, 0.95), (350, 0.03, 0.7)):
        assert _coverage(n, flips, share) == pytest.approx(_coverage(n, flips, 1 - share), abs=1e-9)


def test_each_tail_holds_half() -> None:
    """One-sided bounds (non-inferiority) miss in at most 6.5 % where 10 flips are expected; Tango's do in 7.5 %."""
    z, ours, tangos = float(stats.norm.ppf(0.95)), [], []
    for n, lam in ((100, 10), (100, 14), (200, 11), (500, 12), (541, 27), (1_319, 30)):
        for share in np.arange(0.05, 0.951, 0.05):
            lost, gained, weight = all_tables(n, lam / n, share)
            truth = lam / n * (1 - 2 * share)
            ours.append(float(weight @ (corrected_statistic(lost, gained, n, truth) > z)))
            tangos.append(float(weight @ (tango_statistic(lost, gained, n, truth) > z)))
    assert max(ours) <= 0.065 < 0.07 < max(tangos)
    assert np.mean(ours) == pytest.approx(0.05, abs=0.002)
