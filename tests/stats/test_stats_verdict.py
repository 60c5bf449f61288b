"""The whole verdict, simulated: exit code 1 on unchanged models in at most 5.5 %, and the power that plan promises."""

import numpy as np
import pytest

from holdfast.compare.planning.power import Bench, Requirements, design_of, make_plan, power_of_mean
from holdfast.stats.clusters import FEWEST_DF, Clustered, clustered_difference
from holdfast.stats.graded import Graded, unequal_repeats
from holdfast.stats.means import sign_flip_p
from holdfast.stats.multiple import holm, weighted_holm
from holdfast.stats.power import variance_of_difference
from holdfast.stats.suite import Design, proven

SUITES = {
    "one benchmark": ([541], [True]),
    "two": ([541, 1_319], [True, True]),
    "small ones": ([50, 80, 120, 60, 100, 40], [True] * 6),
    "one small among large": ([60, 14_042, 12_032, 10_042], [True] * 4),
    "with a target": ([541, 1_319, 1_172, 817], [True, True, True, False]),
    "57 subjects apart": ([100] * 57, [True] * 57),
}


def test_equal_weights_are_holm_and_a_part_of_alpha_multiplies() -> None:
    p = np.array([[0.001, 0.04, 0.03, 0.5], [0.2, 0.01, 0.012, 0.011]])
    assert np.allclose(weighted_holm(p, np.full(4, 0.25)), holm(p))
    assert np.allclose(weighted_holm(p, np.full(4, 0.025)), np.minimum(1, 10 * holm(p)), atol=1e-12)
    uneven = weighted_holm([0.001, 0.04], [0.2, 0.8])
    assert uneven.tolist() == pytest.approx([0.005, 0.04])
    assert weighted_holm([0.0001], [0.0]).tolist() == [1.0]


@pytest.mark.slow
@pytest.mark.parametrize("flips", [0.02, 0.1, 0.3])
@pytest.mark.parametrize("name", SUITES)
def test_false_alarms_over_the_exit_code(name: str, flips: float) -> None:
    sizes, in_mean = SUITES[name]
    found = proven(sizes, flips, 0.0, design=Design.of(in_mean), simulations=20_000, seed=11)
    assert np.mean(found.any(axis=-1)) <= 0.055


@pytest.mark.slow
@pytest.mark.parametrize("runs", [2, 10])
def test_false_alarms_over_several_runs_after(runs: int) -> None:
    """Every run after has its own flips; α is shared (it was .36 with ten)."""
    design = Design.of([True] * 5, whole=1 / runs)
    alarms = [
        proven([541, 1_319, 1_172, 817, 164], 0.1, 0.0, design=design, simulations=10_000, seed=run).any(axis=-1)
        for run in range(runs)
    ]
    assert np.mean(np.any(alarms, axis=0)) <= 0.055
    alone = np.mean(alarms[0])
    assert alone <= 0.055 / runs


@pytest.mark.slow
def test_a_drop_of_the_mean_is_found_and_a_lone_one_still_is() -> None:
    """Ten benchmarks of 1,000: −0.79 of all was found in 30 %, now in 62; a lone −4 in 93.2 %, now in 92.2."""
    sizes = [1_000] * 10
    every = proven(sizes, 0.1, -0.0079, simulations=20_000, seed=1)
    lone = proven(sizes, 0.1, [-0.04] + [0.0] * 9, simulations=20_000, seed=1)
    assert 0.60 <= np.mean(every.any(axis=-1)) <= 0.65
    assert 0.91 <= np.mean(lone[:, 0]) <= 0.935


BRANCHES = {
    "one": [Bench("a", 541)],
    "few flips": [Bench("a", 200, 0.05), Bench("b", 164, 0.1)],
    "five": [Bench(f"b{i}", 1_000) for i in range(5)],
    "with a target": [*(Bench(f"b{i}", 800) for i in range(4)), Bench("t", 1_319, target=True)],
    "repeats": [Bench(f"b{i}", 200, 0.3, 0.25, 4) for i in range(3)],
    "baseline repeats": [Bench(f"b{i}", 400, 0.3, 0.25, 1, baseline_repeats=8) for i in range(3)],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BRANCHES)
def test_plan_promises_what_is_found(name: str) -> None:
    """80 ± 3 % for each benchmark alone in the suite, and for all held ones at once; planned and tried apart."""
    benches, wanted = BRANCHES[name], Requirements()
    plan = make_plan("s", benches, wanted)
    assert abs(power_of_mean(benches, plan.macro_mde, wanted, seed=99) - 0.8) <= 0.03
    n, flips = [b.items for b in benches], [b.flips for b in benches]
    se = [np.sqrt(b.variance / b.items) if b.averaged else np.nan for b in benches]
    for i, one in enumerate(plan.benchmarks):
        effect = [-one.mde_in_suite if j == i else 0.0 for j in range(len(benches))]
        found = proven(n, flips, effect, se=se, design=design_of(benches), simulations=20_000, seed=5)
        assert abs(np.mean(found[:, i]) - 0.8) <= 0.03


def _sizes(kind: str, groups: int) -> np.ndarray:
    if kind == "equal":
        return np.full(groups, 20)
    if kind == "one is a half":
        return np.array([20 * (groups - 1)] + [20] * (groups - 1))
    if kind == "zipf":
        return np.maximum(1, (400 / np.arange(1, groups + 1)).astype(int))
    return np.maximum(1, np.exp(np.random.default_rng(1).normal(2.5, 1.2, groups)).astype(int))


@pytest.mark.slow
@pytest.mark.parametrize("icc", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("groups", [6, 10, 30])
@pytest.mark.parametrize("kind", ["equal", "one is a half", "zipf", "lognormal"])
def test_unequal_clusters(kind: str, groups: int, icc: float) -> None:
    """The test errs in at most 5.5 %, the interval, where there is one, in at most 6 % (of at least 1,000 tries)."""
    rng = np.random.default_rng(7)
    sizes = _sizes(kind, groups)
    labels, simulations = np.repeat(np.arange(groups), sizes), 10_000
    step, spread = [-1.0, 0.0, 1.0], [0.15, 0.7, 0.15]
    alarms = missed = given = 0
    for seed in range(simulations):
        shared = rng.choice(step, groups, p=spread)[labels]
        d = np.where(rng.random(labels.size) < icc**0.5, shared, rng.choice(step, labels.size, p=spread))
        alarms += sign_flip_p(Clustered.of(d, labels).sums, permutations=999, seed=seed) <= 0.05
        estimate = clustered_difference(d, labels)
        if estimate.df >= FEWEST_DF - 1e-9:
            given += 1
            low, high = estimate.interval()
            missed += not low <= 0 <= high
    assert alarms / simulations <= 0.055
    assert given < 1_000 or missed / given <= 0.06


@pytest.mark.slow
@pytest.mark.parametrize("size", [0.2, 0.5, 1.0])
@pytest.mark.parametrize("expected", [2, 5, 20])
def test_sparse_graded_losses_are_not_cleared_too_often(expected: int, size: float) -> None:
    """1,000 items of which about `expected` lose `size`: the one-sided bound misses in at most 6.5 % (t: 12)."""
    rng = np.random.default_rng(3)
    truth, n = -size * expected / 1_000, 1_000
    missed = 0
    for lost in rng.binomial(n, expected / n, 10_000):
        d = np.zeros(n)
        d[:lost] = -size
        missed += Graded.of(d).lower(0.95) > truth
    assert missed / 10_000 <= 0.065


@pytest.mark.slow
@pytest.mark.parametrize(("before", "after"), [(8, 1), (1, 8), (4, 2)])
def test_unequal_repeats_keep_the_level(before: int, after: int) -> None:
    """An unchanged, sampled model: means of more answers against means of fewer are skewed."""
    rng = np.random.default_rng(4)
    alarms = np.zeros(2)
    for _ in range(10_000):
        ability = rng.beta(3, 1, 200)
        d = rng.binomial(after, ability) / after - rng.binomial(before, ability) / before
        estimate = unequal_repeats(d)
        alarms += [estimate.p("regressed") <= 0.05, estimate.p("improved") <= 0.05]
    assert np.all(alarms / 10_000 <= 0.055)


@pytest.mark.slow
def test_repeats_of_the_baseline_raise_the_power() -> None:
    """At −4 on 400 items of a sampled model (30 % flips, most of them noise): .53 with one answer, .70 with eight."""

    def power(k: int) -> float:
        se = np.sqrt(variance_of_difference(0.3, 0.28, 1, k) / 300)
        return float(np.mean(proven([300], [0.3], [-0.05], se=[se], simulations=20_000, seed=1)[:, 0]))

    one, eight = power(1), power(8)
    assert eight - one >= 0.12
    assert variance_of_difference(0.3, 0.28, 1, 1) == pytest.approx(0.3)
