"""Tango's interval and the mid-p McNemar test: against oracles, and by exact enumeration."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats
from statsmodels.stats.contingency_tables import mcnemar

from holdfast.stats.paired import mcnemar_midp, tango_interval, tango_lower, tango_p, tango_statistic

TABLES = [(3, 10, 100), (0, 0, 50), (0, 7, 60), (12, 0, 541), (64, 293, 1319), (20, 20, 164), (700, 690, 14042)]


def _constrained_statistic(b: int, c: int, n: int, delta: float) -> float:
    """The score statistic with its nuisance parameter found by maximising the multinomial likelihood numerically."""
    low, high = max(0.0, -delta), (1 - delta) / 2

    def slope(q: float) -> float:
        return b / q + c / (q + delta) - 2 * (n - b - c) / (1 - 2 * q - delta)

    edge = (high - low) * 1e-15
    q = low if slope(low + edge) <= 0 else optimize.brentq(slope, low + edge, high - edge, xtol=1e-16)
    return float((c - b - n * delta) / np.sqrt(n * (2 * q + delta * (1 - delta))))


@pytest.mark.parametrize(("lost", "gained", "n"), TABLES)
def test_limits_are_where_the_likelihood_says(lost: int, gained: int, n: int) -> None:
    low, high = tango_interval(lost, gained, n)
    z = stats.norm.ppf(0.975)
    assert _constrained_statistic(lost, gained, n, float(low)) == pytest.approx(z, abs=1e-7)
    assert _constrained_statistic(lost, gained, n, float(high)) == pytest.approx(-z, abs=1e-7)
    assert tango_statistic(lost, gained, n, low) == pytest.approx(z, abs=1e-9)
    assert low < (gained - lost) / n < high


def test_limits_without_flips_have_a_closed_form() -> None:
    z2 = stats.norm.ppf(0.975) ** 2
    low, high = tango_interval(0, 0, [10, 100, 14042])
    expected = z2 / (np.array([10, 100, 14042]) + z2)
    assert np.allclose(high, expected, atol=1e-9)
    assert np.allclose(low, -expected, atol=1e-9)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 400))
def test_interval_mirrors_when_the_runs_are_swapped(lost: int, gained: int, rest: int) -> None:
    n = max(1, lost + gained + rest)
    low, high = tango_interval(lost, gained, n)
    mirrored = tango_interval(gained, lost, n)
    assert float(low) == pytest.approx(-float(mirrored[1]), abs=1e-12)
    assert -1 <= low <= high <= 1


def test_one_sided_bound_and_p_agree() -> None:
    lower = float(tango_lower(10, 8, 300, 0.05))
    assert float(tango_p(10, 8, 300, lower, below=False)) == pytest.approx(0.05, abs=1e-9)
    assert float(tango_p(10, 8, 300, lower)) == pytest.approx(0.95, abs=1e-9)


@pytest.mark.parametrize(("lost", "gained"), [(3, 10), (10, 3), (0, 1), (7, 7), (64, 293), (700, 690), (1, 0)])
def test_midp_against_scipy_and_statsmodels(lost: int, gained: int) -> None:
    m = lost + gained
    exact = stats.binomtest(lost, m, 0.5, alternative="greater").pvalue
    assert float(mcnemar_midp(lost, gained)) == pytest.approx(exact - stats.binom.pmf(lost, m, 0.5) / 2, abs=1e-9)
    two_sided = mcnemar([[5, lost], [gained, 5]], exact=True).pvalue
    if lost != gained:
        two_sided -= stats.binom.pmf(min(lost, gained), m, 0.5)
    assert float(mcnemar_midp(lost, gained, "two-sided")) == pytest.approx(two_sided, abs=1e-9)
    assert float(mcnemar_midp(lost, gained, "improved")) == pytest.approx(1 - mcnemar_midp(lost, gained), abs=1e-9)


def test_midp_without_flips_says_nothing() -> None:
    assert float(mcnemar_midp(0, 0)) == 0.5
    assert float(mcnemar_midp(0, 0, "two-sided")) == 1.0


def _all_tables(n: int, flips: float, share: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every table (lost, gained) of n items with its probability; together 1 − 1e-7 or more."""
    first, last = stats.binom.ppf([1e-9, 1 - 1e-9], n, flips)
    changed = np.repeat(np.arange(first, last + 1), int(last) + 1)
    lost = np.tile(np.arange(last + 1), int(last - first) + 1)
    inside = lost <= changed
    changed, lost = changed[inside], lost[inside]
    weight = stats.binom.pmf(changed, n, flips) * stats.binom.pmf(lost, changed, share)
    kept = weight > 1e-12
    return lost[kept], (changed - lost)[kept], weight[kept]


GRID = [(n, flips) for n in (100, 164, 198, 541, 817, 1319) for flips in (0.02, 0.05, 0.1, 0.2)]


@pytest.mark.parametrize(("n", "flips"), GRID)
@pytest.mark.parametrize("share", [0.5, 0.6, 0.7])
def test_coverage_by_enumeration(n: int, flips: float, share: float) -> None:
    """All tables, not a sample of them: unchanged, and with effects up to 0.4 of the flips."""
    lost, gained, weight = _all_tables(n, flips, share)
    low, high = tango_interval(lost, gained, n)
    truth = flips * (1 - 2 * share)
    coverage = float(np.sum(weight * ((low <= truth) & (truth <= high))))
    assert weight.sum() > 1 - 1e-6
    assert coverage >= 0.93
    if n * flips >= 10:
        assert 0.943 <= coverage <= 0.965


@pytest.mark.parametrize("flips", [0.02, 0.05, 0.1, 0.2])
@pytest.mark.parametrize("n", [5_000, 14_000])
def test_coverage_of_large_benchmarks_by_simulation(n: int, flips: float) -> None:
    rng = np.random.default_rng(7)
    changed = rng.binomial(n, flips, 20_000)
    lost = rng.binomial(changed, 0.6)
    low, high = tango_interval(lost, changed - lost, n)
    truth = flips * (1 - 2 * 0.6)
    assert 0.943 <= np.mean((low <= truth) & (truth <= high)) <= 0.965


@pytest.mark.parametrize(("n", "flips"), GRID)
def test_false_alarms_by_enumeration(n: int, flips: float) -> None:
    lost, gained, weight = _all_tables(n, flips, 0.5)
    for alternative in ("regressed", "improved"):
        rate = float(np.sum(weight * (mcnemar_midp(lost, gained, alternative) <= 0.05)))
        assert rate <= 0.055
        if n * flips >= 15:
            assert rate >= 0.045


@pytest.mark.parametrize("flips", [0.02, 0.1, 0.2])
@pytest.mark.parametrize("n", [2_000, 14_042])
def test_false_alarms_of_large_benchmarks_by_simulation(n: int, flips: float) -> None:
    rng = np.random.default_rng(11)
    changed = rng.binomial(n, flips, 100_000)
    lost = rng.binomial(changed, 0.5)
    assert 0.045 <= np.mean(mcnemar_midp(lost, changed - lost) <= 0.05) <= 0.055
