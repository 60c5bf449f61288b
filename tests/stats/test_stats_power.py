"""What the planner promises is what simulation finds."""

import numpy as np
import pytest

from holdfast.stats.interval import score_lower
from holdfast.stats.paired import mcnemar_midp
from holdfast.stats.power import (
    critical_losses,
    items_for_margin,
    items_needed,
    mcnemar_power,
    mde,
    variance_of_difference,
)

SIMULATIONS = 20_000


def _power(n: int, flips: float, effect: float, alpha: float = 0.05) -> float:
    rng = np.random.default_rng(n)
    changed = rng.binomial(n, flips, SIMULATIONS)
    lost = rng.binomial(changed, 0.5 + effect / (2 * flips))
    return float(np.mean(mcnemar_midp(lost, changed - lost) <= alpha))


@pytest.mark.parametrize(
    ("n", "flips"), [(541, 0.1), (1_319, 0.1), (1_319, 0.2), (14_042, 0.1), (14_042, 0.02), (541, 0.2)]
)
@pytest.mark.parametrize("tests", [1, 10])
def test_the_mde_is_found_with_the_planned_power(n: int, flips: float, tests: int) -> None:
    effect = float(mde(n, flips, tests=tests))
    assert abs(_power(n, flips, effect, 0.05 / tests) - 0.8) <= 0.03


@pytest.mark.parametrize(("n", "flips", "effect"), [(164, 0.1, 0.05), (541, 0.05, 0.02), (1_319, 0.1, 0.02)])
def test_exact_power_against_simulation(n: int, flips: float, effect: float) -> None:
    assert mcnemar_power(n, flips, effect) == pytest.approx(_power(n, flips, effect), abs=0.012)
    assert mcnemar_power(n, flips, 0.0) <= 0.055


def test_the_designs_figures() -> None:
    assert np.round(100 * mde([541, 1_319, 14_042], 0.1), 2) == pytest.approx([3.38, 2.17, 0.66])


@pytest.mark.parametrize("effect", [0.01, 0.02, 0.05])
def test_items_needed_inverts_the_mde(effect: float) -> None:
    n = float(items_needed(effect, 0.1))
    assert float(mde(n, 0.1)) <= effect < float(mde(n - 1, 0.1))


@pytest.mark.parametrize(("margin", "flips"), [(0.02, 0.1), (0.01, 0.05), (0.03, 0.2)])
def test_items_for_a_margin_clear_an_unchanged_model(margin: float, flips: float) -> None:
    n = int(items_for_margin(margin, flips))
    rng = np.random.default_rng(1)
    changed = rng.binomial(n, flips, SIMULATIONS)
    lost = rng.binomial(changed, 0.5)
    assert abs(np.mean(score_lower(lost, changed - lost, n) > -margin) - 0.8) <= 0.03


def test_repeats_average_noise_only() -> None:
    """Items with abilities, k samples per run, a fifth of the items truly changed."""
    rng = np.random.default_rng(2)
    size = 200_000
    before = rng.beta(1, 1, size)
    after = np.where(rng.random(size) < 0.2, rng.beta(1, 1, size), before)

    def difference(k: int) -> np.ndarray:
        return np.asarray(rng.binomial(k, after) / k - rng.binomial(k, before) / k)

    flips = float(np.mean(difference(1) != 0))
    noise = float(np.mean(rng.binomial(1, before) != rng.binomial(1, before)))
    for k in (1, 4, 16):
        assert np.var(difference(k)) == pytest.approx(float(variance_of_difference(flips, noise, k)), rel=0.05)


def test_critical_losses_are_the_fewest_that_reject() -> None:
    m = np.arange(0, 400)
    fewest = critical_losses(m)
    reachable = fewest <= m
    assert np.all(mcnemar_midp(fewest, m - fewest)[reachable] <= 0.05)
    assert np.all(mcnemar_midp(fewest - 1, m - fewest + 1) > 0.05)
    assert not reachable[:4].any()
