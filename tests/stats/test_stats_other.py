"""Forgetting without chance, Bradley–Terry, pass@k."""

from itertools import combinations

import numpy as np
import pytest
import statsmodels.api as sm

from holdfast.errors import DataError
from holdfast.stats.forgetting import chance_adjusted
from holdfast.stats.pass_at_k import pass_at_k, pass_hat_k
from holdfast.stats.ranking import bradley_terry


@pytest.mark.parametrize("options", [2, 4, 10])
def test_chance_is_taken_out(options: int) -> None:
    """Items known or guessed: the adjusted rates are those of knowledge, the raw ones are not."""
    rng = np.random.default_rng(0)
    size = 1_000_000
    known_before = rng.random(size) < 0.5
    known_after = np.where(known_before, rng.random(size) > 0.1, rng.random(size) < 0.04)
    before = known_before | (rng.random(size) < 1 / options)
    after = known_after | (rng.random(size) < 1 / options)
    cells = [np.sum(a & b) for a in (before, ~before) for b in (after, ~after)]
    adjusted = chance_adjusted(*cells, chance=1 / options)
    assert float(adjusted.lost) == pytest.approx(np.mean(known_before & ~known_after), abs=0.003)
    assert float(adjusted.gained) == pytest.approx(np.mean(~known_before & known_after), abs=0.003)
    assert float(adjusted.known_before) == pytest.approx(0.5, abs=0.003)
    assert np.mean(before & ~after) > 1.2 * float(adjusted.lost)


def test_without_chance_nothing_changes() -> None:
    adjusted = chance_adjusted(60, 5, 10, 25, chance=0.0)
    assert (float(adjusted.lost), float(adjusted.gained)) == (0.05, 0.10)


def test_bradley_terry_is_logistic_regression() -> None:
    wins = np.array([[0, 30, 22.5, 40], [20, 0, 25, 31], [17.5, 15, 0, 28], [10, 9, 12, 0]])
    rows, won, played = [], [], []
    for i, j in combinations(range(4), 2):
        rows.append([(k == i) - (k == j) for k in range(1, 4)])
        won.append(wins[i, j])
        played.append(wins[i, j] + wins[j, i])
    share, total = np.array(won) / np.array(played), np.array(played)
    fit = sm.GLM(share, np.array(rows, float), family=sm.families.Binomial(), var_weights=total).fit(tol=1e-14)
    strengths = bradley_terry(wins)
    assert np.allclose(strengths.strength[1:] - strengths.strength[0], fit.params, atol=1e-9)
    contrast = strengths.covariance[1, 1] + strengths.covariance[0, 0] - 2 * strengths.covariance[0, 1]
    assert contrast == pytest.approx(fit.cov_params()[0, 0], abs=1e-9)
    assert strengths.strength.sum() == pytest.approx(0, abs=1e-12)
    middle, low, high = strengths.win_probability(0, 3)
    assert low < middle < high and middle > 0.5
    assert strengths.elo()[0] > strengths.elo()[3]


def test_bradley_terry_intervals_cover() -> None:
    rng = np.random.default_rng(1)
    truth = np.array([0.6, 0.2, -0.1, -0.7])
    p = 1 / (1 + np.exp(truth[None, :] - truth[:, None]))
    upper = np.triu(np.ones((4, 4), bool), 1)
    won = rng.binomial(60, p, size=(10_000, 4, 4)) * upper
    tables = won + np.swapaxes(60 * upper - won, -1, -2)
    low, high = bradley_terry(tables).intervals()
    assert np.all(np.abs(np.mean((low <= truth) & (truth <= high), axis=0) - 0.95) <= 0.01)
    alone = bradley_terry(tables[17])
    assert np.allclose(alone.intervals()[0], low[17], atol=1e-9)


def test_a_player_who_never_lost_has_no_finite_strength() -> None:
    with pytest.raises(DataError, match="never"):
        bradley_terry([[0, 3, 4], [0, 0, 2], [0, 2, 0]])
    with pytest.raises(DataError, match=r"players \[2\]"):
        bradley_terry([[[0, 3, 4], [2, 0, 2], [1, 2, 0]], [[0, 3, 4], [2, 0, 2], [0, 0, 0]]])


def test_pass_at_k_by_counting_subsets() -> None:
    for n, c in ((5, 2), (6, 0), (4, 4), (7, 3)):
        marks = [1] * c + [0] * (n - c)
        for k in range(1, n + 1):
            chosen = [sum(subset) for subset in combinations(marks, k)]
            assert float(pass_at_k(n, c, k)) == pytest.approx(np.mean([s > 0 for s in chosen]), abs=1e-12)
            assert float(pass_hat_k(n, c, k)) == pytest.approx(np.mean([s == k for s in chosen]), abs=1e-12)
    with pytest.raises(ValueError, match="at least 3"):
        pass_at_k([5, 2], [1, 1], 3)
