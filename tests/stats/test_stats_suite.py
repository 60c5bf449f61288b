"""The suite's decision, simulated: ten usual benchmarks in full, capped ones, and every suite that ships."""

import numpy as np
import pytest
from scipy import special

from holdfast.benchmarks.suites.sizes import suite_sizes
from holdfast.benchmarks.suites.suite import suite_names
from holdfast.compare.planning.power import Bench, Requirements, make_plan
from holdfast.stats.interval import score_interval
from holdfast.stats.multiple import holm
from holdfast.stats.omnibus import Strata, combined_difference, lower_bound, p_regressed, upper_bound
from holdfast.stats.paired import mcnemar_midp
from holdfast.stats.suite import LARGEST, decidable_margin, draw, p_values, simulate_unchanged

USUAL = {
    "ifeval": 541,
    "gsm8k": 1_319,
    "mmlu": 14_042,
    "mmlu_pro": 12_032,
    "gpqa": 198,
    "humaneval": 164,
    "arc_challenge": 1_172,
    "hellaswag": 10_042,
    "truthfulqa": 817,
    "bbh": 6_511,
}
SIZES = list(USUAL.values())
SIMULATIONS = 20_000


def _rejected(effects: dict[str, float]) -> np.ndarray:
    effect = [effects.get(task, 0.0) for task in USUAL]
    strata = draw(SIZES, 0.1, effect=effect, simulations=SIMULATIONS, seed=1)
    return np.asarray(holm(p_values(strata)) <= 0.05)


def test_false_alarms_over_the_family() -> None:
    assert 0.03 <= np.mean(_rejected({}).any(axis=1)) <= 0.055


def test_one_point_of_mmlu_is_found() -> None:
    rejected = _rejected({"mmlu": -0.01})
    assert np.mean(rejected[:, list(USUAL).index("mmlu")]) >= 0.85


def test_ifeval_or_gsm8k_is_found() -> None:
    rejected = _rejected({"ifeval": -0.04, "gsm8k": -0.03})
    found = rejected[:, [list(USUAL).index("ifeval"), list(USUAL).index("gsm8k")]]
    assert np.mean(found.any(axis=1)) >= 0.90


@pytest.mark.slow
def test_an_unchanged_model_passes_at_one_point() -> None:
    unchanged = simulate_unchanged(SIZES, 0.1, simulations=40_000, seed=2)
    assert unchanged.passes(0.01) >= 0.75
    assert np.mean(unchanged.rejected) <= 0.055


def test_an_unchanged_model_passes_a_capped_suite_at_two_points() -> None:
    capped = [min(size, 1_000) for size in SIZES]
    assert sum(capped) <= 8_000
    assert simulate_unchanged(capped, 0.1, simulations=SIMULATIONS, seed=3).passes(0.02) >= 0.90


def test_a_model_worse_by_the_margin_seldom_passes() -> None:
    """Every benchmark worse by the margin: the mean is at the edge, and passing there is a false pass."""
    strata = draw(SIZES, 0.1, effect=-0.01, simulations=SIMULATIONS, seed=4)
    bound = lower_bound(strata, "macro", float(special.ndtri(0.95)))
    assert np.mean(bound > -0.01) <= 0.055


SUITES = [name if name == "core" else pytest.param(name, marks=pytest.mark.slow) for name in suite_names()]
"""Shipped suites; the fast tier tries one of them."""


@pytest.mark.parametrize("flips", [0.02, 0.1, 0.2])
@pytest.mark.parametrize("suite", SUITES)
def test_default_margin_of_every_shipped_suite(suite: str, flips: float) -> None:
    """Planned with one seed, tried with another: 80 ± 3 of 100 unchanged models pass."""
    benches = [Bench(name, items, flips) for name, items, _ in suite_sizes(suite)]
    plan = make_plan(suite, benches, Requirements())
    strata = draw([b.items for b in benches], flips, simulations=10_000, seed=12345)
    bound = lower_bound(strata, "macro", float(special.ndtri(0.95)))
    passed = ~(holm(p_values(strata)) <= 0.05).any(axis=1) & (bound > -plan.default_margin)
    if plan.default_margin >= LARGEST:  # small suites: the cap makes them inconclusive rather than pass anything
        assert np.mean(passed) <= 0.83
        return
    assert 0.77 <= np.mean(passed) <= 0.83


@pytest.mark.slow
def test_default_margin_from_observed_flips_keeps_its_promise() -> None:
    """As a comparison does it: the margin comes from the flips of the very tables it judges.

    The margin of a suite hangs on its flips through the standard error of the mean. It is computed (10,000
    simulations each) at 30 of the drawn suites, spread over all standard errors, and a curve is laid through them; at
    10 others the curve is checked.
    """
    sizes = np.array([541, 250, 500])
    strata = draw(sizes, 0.08, simulations=SIMULATIONS, seed=5)
    error = np.sqrt(np.sum(strata.variance, axis=-1))
    order = np.argsort(error)
    exact = {i: _own_margin(sizes, strata, i) for i in order[np.linspace(0, SIMULATIONS - 1, 30).astype(int)]}
    line = np.polynomial.Polynomial.fit(error[list(exact)], list(exact.values()), 2)
    for i in order[np.linspace(150, SIMULATIONS - 150, 10).astype(int)]:
        assert float(line(error[i])) == pytest.approx(_own_margin(sizes, strata, i), rel=0.03)
    bound = lower_bound(strata, "macro", float(special.ndtri(0.95)))
    found = mcnemar_midp(strata.lost, strata.gained).min(axis=-1) <= 0.05 / 3
    assert 0.77 <= np.mean((bound > -line(error)) & ~found) <= 0.83


def _own_margin(sizes: np.ndarray, strata: Strata, i: int) -> float:
    flips = (strata.lost[i] + strata.gained[i]) / sizes
    return decidable_margin(sizes, flips, simulations=10_000, seed=0)


def test_one_benchmark_is_its_own_interval() -> None:
    strata = Strata.of_tables([12], [30], [541])
    low, high = score_interval(12, 30, 541)
    z = float(special.ndtri(0.975))
    assert float(lower_bound(strata, "macro", z)) == pytest.approx(float(low), abs=1e-12)
    assert float(upper_bound(strata, "micro", z)) == pytest.approx(float(high), abs=1e-12)


def test_no_flips_anywhere_is_as_uncertain_as_the_pooled_items() -> None:
    strata = Strata.of_tables([0] * 4, [0] * 4, [100] * 4)
    low, _ = score_interval(0, 0, 400)
    assert float(lower_bound(strata, "macro", float(special.ndtri(0.975)))) == pytest.approx(float(low), rel=0.06)


@pytest.mark.parametrize("by", ["macro", "micro"])
def test_omnibus_coverage_and_level(by: str) -> None:
    sizes, flips, effect = [164, 198, 541, 1_319], [0.2, 0.1, 0.05, 0.1], [-0.03, 0.02, 0.0, -0.01]
    z = float(special.ndtri(0.975))
    strata = draw(sizes, flips, effect=effect, simulations=SIMULATIONS, seed=6)
    truth = float(np.sum(strata.weights(by)[0] * effect))  # type: ignore[arg-type]
    low, high = lower_bound(strata, by, z), upper_bound(strata, by, z)  # type: ignore[arg-type]
    assert 0.943 <= np.mean((low <= truth) & (truth <= high)) <= 0.965
    unchanged = draw(sizes, flips, simulations=SIMULATIONS, seed=7)
    assert 0.045 <= np.mean(p_regressed(unchanged, by) <= 0.05) <= 0.055  # type: ignore[arg-type]


def test_scores_that_are_no_table_join_by_their_standard_error() -> None:
    strata = draw([500, 500], 0.1, se=[np.nan, 0.02], simulations=SIMULATIONS, seed=8)
    assert combined_difference(strata, "macro").shape == (SIMULATIONS,)
    low = lower_bound(strata, "macro", float(special.ndtri(0.95)))
    assert 0.94 <= np.mean(low <= 0.0) <= 0.96
