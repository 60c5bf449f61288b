"""Stopping when it is decided: errors over every look and benchmark, power, and the procedure against enumeration."""

import itertools

import numpy as np
import pytest

from holdfast.stats.multiple import holm
from holdfast.stats.sequential.looks import Looks, Rule, bet, closed, interval, log_e, log_e_of_counts
from holdfast.stats.sequential.stopping import Simulated, Stopping, StopVerdict, looks_of_counts, simulate

ALPHA = 0.05
MANY = 10_000


def rule(count: int, margin: float = 0.05) -> Rule:
    return Rule((margin,) * count, margin, ALPHA)


def above(share: float, draws: int) -> float:
    """The largest share that chance alone gives in `draws` when the true one is `share` (4.5 standard errors)."""
    return share + 4.5 * float(np.sqrt(share * (1 - share) / draws))


def family_errors(found: Simulated) -> tuple[float, float]:
    """Shares of suites with any REGRESSED, and with any HELD (the mean's verdict included)."""
    verdicts = np.concatenate([found.verdict, found.mean[:, None]], axis=1)
    return float((verdicts == StopVerdict.REGRESSED).any(axis=1).mean()), float(
        (verdicts == StopVerdict.HELD).any(axis=1).mean()
    )


@pytest.mark.parametrize("draws", [500, pytest.param(MANY, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("n", "flips"), [((1319,), 0.1), ((541, 1319, 300), 0.1), ((1000,) * 4, 0.02), ((60, 90), 0.4)]
)
def test_nothing_changed_is_called_a_regression_in_5_percent_of_suites_at_most(
    n: tuple[int, ...], flips: float, draws: int
) -> None:
    """H0: every true difference is 0. Any REGRESSED at any look counts, the mean's too."""
    found = simulate(n, (flips,) * len(n), (0.0,) * len(n), rule(len(n)), simulations=draws, seed=1)
    assert family_errors(found)[0] <= above(ALPHA, draws)


@pytest.mark.parametrize("draws", [500, pytest.param(MANY, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("n", "flips"), [((1319,), 0.1), ((541, 1319, 300), 0.1), ((1000,) * 4, 0.06)])
def test_a_loss_of_exactly_the_margin_is_called_held_in_5_percent_of_suites_at_most(
    n: tuple[int, ...], flips: float, draws: int
) -> None:
    """H0: every true difference is −margin. Any HELD at any look counts, the mean's too."""
    found = simulate(n, (flips,) * len(n), (-0.05,) * len(n), rule(len(n)), simulations=draws, seed=2)
    assert family_errors(found)[1] <= above(ALPHA, draws)


@pytest.mark.slow
def test_ten_thousand_whole_suites_keep_both_errors() -> None:
    n, flips = (1319, 541, 1000, 2000, 300), (0.1, 0.12, 0.08, 0.1, 0.15)
    none = simulate(n, flips, (0.0,) * 5, rule(5), simulations=MANY, seed=3)
    edge = simulate(n, flips, (-0.05,) * 5, rule(5), simulations=MANY, seed=4)
    mixed = simulate(n, flips, (-0.05, 0.0, 0.0, -0.05, 0.0), rule(5), simulations=MANY, seed=5)
    assert family_errors(none)[0] <= ALPHA and family_errors(edge)[1] <= ALPHA
    unchanged, at_margin = mixed.verdict[:, [1, 2, 4]], mixed.verdict[:, [0, 3]]
    assert float((unchanged == StopVerdict.REGRESSED).any(axis=1).mean()) <= ALPHA
    assert float((at_margin == StopVerdict.HELD).any(axis=1).mean()) <= ALPHA


def test_what_it_costs() -> None:
    """Share of 1,319 items measured at a margin of 5 points, 10 % flips: nothing changed, a loss of 10 points."""
    same = simulate((1319,), (0.1,), (0.0,), rule(1), simulations=400)
    worse = simulate((1319,), (0.1,), (-0.1,), rule(1), simulations=400)
    assert same.items.mean() / 1319 <= 0.30 and (same.decision == StopVerdict.HELD).mean() >= 0.9
    assert worse.items.mean() / 1319 <= 0.10 and (worse.decision == StopVerdict.REGRESSED).mean() >= 0.99


def test_the_closed_procedure_is_that_of_all_subsets_and_rejects_what_e_holm_does() -> None:
    rng = np.random.default_rng(0)
    evidence = np.exp(rng.normal(2, 2, size=(300, 4)))
    rejected = closed(np.log(evidence), ALPHA)
    for row, found in zip(evidence, rejected, strict=True):
        for k in range(4):
            sets = [s for r in range(1, 5) for s in itertools.combinations(range(4), r) if k in s]
            assert found[k] == all(row[list(s)].mean() >= 1 / ALPHA for s in sets)
    by_holm = holm(np.minimum(1, 1 / evidence)) <= ALPHA
    assert (rejected >= by_holm).all() and rejected.sum() > by_holm.sum()


@pytest.mark.slow
def test_an_e_process_has_mean_one_under_its_null_whatever_the_scores() -> None:
    rng = np.random.default_rng(5)
    graded = rng.uniform(-0.3, 0.2, size=(40_000, 20))  # mean −0.05, no 0/1 scores
    for side in ("above", "below"):
        evidence = np.exp(log_e(bet(graded, -0.05, side).sum(axis=1)))
        assert evidence.mean() == pytest.approx(1.0, abs=5 * evidence.std() / 200)


def test_counts_and_items_give_the_same_evidence() -> None:
    d = np.array([-1] * 7 + [1] * 3 + [0] * 50, dtype=float)
    for side in ("above", "below"):
        items = float(log_e(bet(d, -0.05, side).sum(axis=0)))
        assert items == pytest.approx(float(log_e_of_counts(7, 3, 60, -0.05, side)))


@pytest.mark.slow
def test_the_interval_holds_at_every_time() -> None:
    rng = np.random.default_rng(6)
    misses = 0
    for _ in range(300):
        d = rng.choice([-1.0, 0.0, 1.0], p=[0.08, 0.88, 0.04], size=240)
        misses += any(not low <= -0.04 <= high for low, high in (interval(d[:n]) for n in (30, 60, 120, 240)))
    assert misses / 300 <= above(0.05, 300)
    assert interval([]) == (-1.0, 1.0)
    low, high = interval(np.zeros(500))
    assert low == pytest.approx(-high) and 0 < high < 0.05


def test_a_verdict_is_final_and_a_decided_benchmark_waits_for_the_mean() -> None:
    state = Stopping(rule(2))
    none = np.array([False, False])
    quiet = np.zeros(2)
    proven = Looks(np.array([-5.0, -5.0]), np.array([9.0, 0.0]), quiet, np.array(-5.0), np.array(0.0))
    state.look(proven, none)
    assert state.verdict.tolist() == [StopVerdict.HELD, StopVerdict.OPEN]
    assert state.running.all(), "the mean is undecided, so both go on"
    worse = Looks(np.array([9.0, 9.0]), np.array([-5.0, -5.0]), quiet, np.array(9.0), np.array(-5.0))
    state.look(worse, none)
    assert state.verdict.tolist() == [StopVerdict.HELD, StopVerdict.REGRESSED]
    assert state.decision == StopVerdict.REGRESSED and not state.running.any()


def test_a_benchmark_without_more_items_ends_the_mean_and_not_the_others() -> None:
    state = Stopping(rule(2))
    counts = looks_of_counts(np.zeros(2), np.zeros(2), np.array([10, 10]), np.array([0, 0, 10.0, 0, 0]), rule(2))
    state.look(counts, np.array([True, False]))
    assert state.running.tolist() == [False, True] and not state.together
    assert state.decision == StopVerdict.OPEN
