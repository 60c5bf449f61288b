"""Holm and Benjamini–Hochberg against statsmodels and scipy."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from holdfast.stats.multiple import benjamini_hochberg, holm


@pytest.mark.parametrize("size", [1, 2, 3, 10, 30])
def test_against_the_oracles(size: int) -> None:
    rng = np.random.default_rng(size)
    p = np.round(rng.beta(0.3, 1, size), 2)  # with ties
    assert np.allclose(holm(p), multipletests(p, method="holm")[1], atol=1e-9)
    assert np.allclose(benjamini_hochberg(p), stats.false_discovery_control(p), atol=1e-9)


def test_rows_are_families_of_their_own() -> None:
    p = np.array([[0.01, 0.04, 0.03], [0.5, 0.001, 0.02]])
    assert np.allclose(holm(p), [holm(row) for row in p])
    assert np.allclose(benjamini_hochberg(p), [benjamini_hochberg(row) for row in p])
    assert holm([]).size == 0


@pytest.mark.parametrize("correlation", [0.0, 0.5])
def test_family_wise_error_over_ten_tests(correlation: float) -> None:
    rng = np.random.default_rng(0)
    common = rng.standard_normal((20_000, 1))
    z = np.sqrt(correlation) * common + np.sqrt(1 - correlation) * rng.standard_normal((20_000, 10))
    assert np.mean((holm(stats.norm.cdf(z)) <= 0.05).any(axis=1)) <= 0.055
