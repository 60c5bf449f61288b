"""The mid-p McNemar test: against oracles, and by enumeration of all tables."""

import numpy as np
import pytest
from helpers.all_tables import all_tables
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from holdfast.stats.paired import mcnemar_midp


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


GRID = [(n, flips) for n in (100, 164, 198, 541, 817, 1319) for flips in (0.02, 0.05, 0.1, 0.2)]


@pytest.mark.parametrize(("n", "flips"), GRID)
def test_false_alarms_by_enumeration(n: int, flips: float) -> None:
    lost, gained, weight = all_tables(n, flips, 0.5)
    for alternative in ("regressed", "improved"):
        rate = float(np.sum(weight * (mcnemar_midp(lost, gained, alternative) <= 0.05)))
        assert rate <= 0.055
        if n * flips >= 15:
            assert rate >= 0.045


@pytest.mark.parametrize("flips", [0.02, 0.1, 0.2])
@pytest.mark.parametrize("n", [2_000, 14_042])
def test_false_alarms_of_large_benchmarks(n: int, flips: float) -> None:
    """All tables here too, no simulation."""
    lost, gained, weight = all_tables(n, flips, 0.5)
    assert 0.045 <= float(weight @ (mcnemar_midp(lost, gained) <= 0.05)) <= 0.055
