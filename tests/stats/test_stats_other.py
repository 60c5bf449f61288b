"""Forgetting without chance, Bradley–Terry, pass@k."""

from itertools import combinations

import numpy as np
import pytest
import statsmodels.api as sm

from holdfast.errors import DataError
from holdfast.stats.forgetting import chance_adjusted
from holdfast.stats.pass_at_k import pass_at_k, pass_hat_k
from holdfast.stats.ranking import fit_votes


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


def votes(wins: list[list[float]]) -> tuple[list[int], list[int], list[float]]:
    """Each vote of a table of wins: the two players, and 1 where the first won (a half is a tie's share)."""
    made = [(i, j, 1.0) for i, row in enumerate(wins) for j, count in enumerate(row) for _ in range(int(count))]
    first, second, won = zip(*made, strict=True)
    return list(first), list(second), list(won)


def test_votes_are_logistic_regression() -> None:
    first, second, won = votes([[0, 30, 22, 40], [20, 0, 25, 31], [18, 15, 0, 28], [10, 9, 12, 0]])
    won = [0.5 if number % 7 == 0 else one for number, one in enumerate(won)]  # ties
    rows = [[(k == i) - (k == j) for k in range(1, 4)] for i, j in zip(first, second, strict=True)]
    fit = sm.GLM(won, np.array(rows, float), family=sm.families.Binomial()).fit(tol=1e-14, cov_type="HC0")
    strengths, _ = fit_votes(first, second, won)
    assert np.allclose(strengths.strength[1:] - strengths.strength[0], fit.params, atol=1e-9)
    contrast = strengths.covariance[1, 1] + strengths.covariance[0, 0] - 2 * strengths.covariance[0, 1]
    assert contrast == pytest.approx(fit.cov_params()[0, 0], abs=1e-9)
    assert strengths.strength.sum() == pytest.approx(0, abs=1e-12)
    assert strengths.elo()[0] > strengths.elo()[3]


def test_intervals_of_strengths_cover() -> None:
    rng = np.random.default_rng(1)
    truth = np.array([0.6, 0.2, -0.1, -0.7])
    pairs = np.repeat(list(combinations(range(4), 2)), 60, axis=0)
    p = 1 / (1 + np.exp(truth[pairs[:, 1]] - truth[pairs[:, 0]]))
    covered = []
    for won in rng.binomial(1, p, size=(2_000, len(pairs))):
        low, high = fit_votes(pairs[:, 0], pairs[:, 1], won)[0].intervals()
        covered.append((low <= truth) & (truth <= high))
    assert np.all(np.abs(np.mean(covered, axis=0) - 0.95) <= 0.02)


def test_a_player_who_never_lost_has_no_finite_strength() -> None:
    with pytest.raises(DataError, match=r"players \[0\]"):
        fit_votes(*votes([[0, 3, 4], [0, 0, 2], [0, 2, 0]]))
    with pytest.raises(DataError, match=r"players \[2\]"):
        fit_votes(*votes([[0, 3, 4], [2, 0, 2], [0, 0, 0]]))


def test_pass_at_k_by_counting_subsets() -> None:
    for n, c in ((5, 2), (6, 0), (4, 4), (7, 3)):
        marks = [1] * c + [0] * (n - c)
        for k in range(1, n + 1):
            chosen = [sum(subset) for subset in combinations(marks, k)]
            assert float(pass_at_k(n, c, k)) == pytest.approx(np.mean([s > 0 for s in chosen]), abs=1e-12)
            assert float(pass_hat_k(n, c, k)) == pytest.approx(np.mean([s == k for s in chosen]), abs=1e-12)
    with pytest.raises(ValueError, match="at least 3"):
        pass_at_k([5, 2], [1, 1], 3)
