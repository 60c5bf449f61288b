"""t intervals, cluster-robust errors and the sign-flip test: oracles and simulations."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from holdfast.stats.clusters import clustered_difference
from holdfast.stats.means import Estimate, mean_difference, sign_flip_p

SIMULATIONS = 10_000


def test_mean_difference_is_the_paired_t_test() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.random(80), rng.random(80)
    estimate = mean_difference(y - x)
    for alternative, ours in (("less", "regressed"), ("greater", "improved"), ("two-sided", "two-sided")):
        assert estimate.p(ours) == pytest.approx(  # type: ignore[arg-type]
            stats.ttest_rel(y, x, alternative=alternative).pvalue, abs=1e-9
        )
    interval = stats.ttest_rel(y, x).confidence_interval()
    assert estimate.interval() == pytest.approx((interval.low, interval.high), abs=1e-9)


def test_clustered_errors_are_those_of_statsmodels() -> None:
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(12), 25)
    d = rng.normal(size=12)[groups] * 0.3 + rng.normal(size=300)
    fit = sm.OLS(d, np.ones(300)).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}, use_t=True
    )
    corrected = fit.bse[0] * np.sqrt(12 / 11)
    estimate = clustered_difference(d, groups)
    assert estimate.se == pytest.approx(corrected, abs=1e-9)
    assert estimate.mean == pytest.approx(fit.params[0], abs=1e-9)
    assert estimate.df == pytest.approx(11)


def test_one_item_per_cluster_is_no_clustering() -> None:
    d = np.random.default_rng(2).normal(size=50)
    assert clustered_difference(d, np.arange(50)).se == pytest.approx(mean_difference(d).se, abs=1e-12)


@pytest.mark.parametrize("sizes", [[20] * 10, [10] * 10, list(range(16, 26))])
def test_coverage_with_ten_clusters(sizes: list[int]) -> None:
    rng = np.random.default_rng(3)
    labels = np.repeat(np.arange(10), sizes)
    shared = rng.normal(size=(SIMULATIONS, 10))[:, labels]
    d = 0.02 + 0.1 * shared + 0.3 * rng.standard_normal((SIMULATIONS, labels.size))
    covered = 0
    for row in d:
        low, high = clustered_difference(row, labels).interval()
        covered += low <= 0.02 <= high
    assert covered / SIMULATIONS >= 0.94


def test_ignoring_the_clusters_would_not_cover() -> None:
    rng = np.random.default_rng(4)
    labels = np.repeat(np.arange(10), 20)
    d = 0.1 * rng.normal(size=(2_000, 10))[:, labels] + 0.1 * rng.standard_normal((2_000, 200))
    intervals = [mean_difference(row).interval() for row in d]
    assert np.mean([low <= 0 <= high for low, high in intervals]) < 0.6


@pytest.mark.parametrize("alternative", ["regressed", "improved", "two-sided"])
def test_sign_flips_are_exact_for_few_items(alternative: str) -> None:
    d = np.array([0.5, -0.25, 0.75, -0.1, 0.2, -0.3, -0.8, 0.05, 0.35])
    wanted = {"regressed": "less", "improved": "greater", "two-sided": "two-sided"}[alternative]
    oracle = stats.permutation_test(
        (d,), np.mean, permutation_type="samples", alternative=wanted, n_resamples=np.inf, vectorized=False
    )
    assert sign_flip_p(d, alternative) == pytest.approx(oracle.pvalue, abs=1e-9)  # type: ignore[arg-type]


@pytest.mark.parametrize("kinds", [4, 4_000])
def test_sampled_sign_flips_come_close_to_the_t_test(kinds: int) -> None:
    """Both ways of drawing: equal sizes together, and item by item."""
    rng = np.random.default_rng(5)
    d = np.round(rng.normal(0.02, 0.4, 3_000) * kinds) / kinds
    expected = mean_difference(d).p("improved")
    p = sign_flip_p(d, "improved", permutations=20_000, seed=1)
    assert p == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / 20_000) + 0.002)
    assert p == sign_flip_p(d, "improved", permutations=20_000, seed=1)


def test_sign_flip_false_alarms() -> None:
    """Means of four repeats, unchanged model: 10,000 data sets, 199 flips each."""
    rng = np.random.default_rng(6)
    ability = rng.beta(2, 1, 60)
    runs = rng.binomial(4, np.tile(ability, (2, SIMULATIONS, 1))) / 4
    d = runs[1] - runs[0]
    rejected = np.mean([sign_flip_p(row, permutations=199, seed=i) <= 0.05 for i, row in enumerate(d)])
    assert 0.04 <= rejected <= 0.055


def test_nothing_to_say() -> None:
    assert sign_flip_p(np.zeros(5)) == 1.0
    assert mean_difference(np.array([0.3])).interval() == (-np.inf, np.inf)
    assert Estimate(0.0, 0.0, 9).p("regressed") == 0.5
    assert Estimate(-0.1, 0.0, 9).p("regressed") == 0.0
