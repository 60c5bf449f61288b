"""Looking often raises no false alarm, also when the items come round again, and drops are found."""

import json
import pickle
from dataclasses import asdict

import numpy as np
import pytest
from scipy import integrate

from holdfast.stats.eprocess import EProcess, Watch, log_e_value, log_e_value_of_differences

SIMULATIONS = 10_000
LOOKS = 100


@pytest.mark.parametrize("items", [16, 64, 500])
@pytest.mark.parametrize("flips", [0.05, 0.3])
def test_false_alarms_over_a_hundred_looks(items: int, flips: float) -> None:
    rng = np.random.default_rng(0)
    changed = rng.binomial(items, flips, (SIMULATIONS, LOOKS))
    lost = rng.binomial(changed, 0.5).cumsum(axis=1)
    evidence = log_e_value(lost, changed.cumsum(axis=1) - lost)
    assert np.mean(evidence.max(axis=1) >= np.log(20)) <= 0.05


def test_repeated_fixed_tests_would_cry_wolf() -> None:
    """The mistake this module is for: the same draws, a fresh mid-p test at each look."""
    from holdfast.stats.paired import mcnemar_midp

    rng = np.random.default_rng(0)
    changed = rng.binomial(64, 0.1, (2_000, LOOKS))
    lost = rng.binomial(changed, 0.5).cumsum(axis=1)
    p = mcnemar_midp(lost, changed.cumsum(axis=1) - lost)
    assert np.mean((p <= 0.05).any(axis=1)) > 0.2


def test_a_drop_is_found() -> None:
    rng = np.random.default_rng(1)
    changed = rng.binomial(64, 0.15, (SIMULATIONS, 20))
    lost = rng.binomial(changed, 0.75).cumsum(axis=1)
    evidence = log_e_value(lost, changed.cumsum(axis=1) - lost)
    assert np.mean(evidence.max(axis=1) >= np.log(20)) >= 0.99


@pytest.mark.parametrize(("lost", "gained"), [(0, 0), (3, 1), (1, 6), (40, 12)])
def test_the_closed_form_is_the_integral(lost: int, gained: int) -> None:
    value, _ = integrate.quad(lambda q: (2 * q) ** lost * (2 - 2 * q) ** gained, 0.5, 1, epsabs=1e-13, epsrel=1e-12)
    assert float(np.exp(log_e_value(lost, gained))) == pytest.approx(2 * value, rel=1e-9)


def test_graded_scores_agree_with_flips() -> None:
    d = np.array([-1.0] * 30 + [1.0] * 12 + [0.0] * 200)
    assert log_e_value_of_differences(d) == pytest.approx(float(log_e_value(30, 12)), abs=0.02)
    with pytest.raises(ValueError, match="lie in"):
        log_e_value_of_differences(np.array([2.0]))


def _coming_round(rng: np.random.Generator, simulations: int, looks: int, items: int, slice_: int) -> np.ndarray:
    """An unchanged model with noise, its items coming round: the largest weighed evidence of each simulation."""
    ability = rng.beta(4, 1, (simulations, items))
    start = rng.random((simulations, items)) < ability
    per_pass = items // slice_
    peak = np.zeros(simulations)
    for turn in range(1, looks // per_pass + 1):
        now = rng.random((simulations, items)) < ability
        lost = (start & ~now).reshape(simulations, per_pass, slice_).sum(axis=2).cumsum(axis=1)
        gained = (~start & now).reshape(simulations, per_pass, slice_).sum(axis=2).cumsum(axis=1)
        share = 0.8 if turn == 1 else 0.2 / (turn * (turn - 1))
        peak = np.maximum(peak, (log_e_value(lost, gained) + np.log(share)).max(axis=1))
    return peak


def test_false_alarms_when_items_come_round_again() -> None:
    peak = _coming_round(np.random.default_rng(2), 10_000, LOOKS, 80, 16)
    assert np.mean(peak >= np.log(20)) <= 0.05


def test_counting_first_flips_only_would_cry_wolf() -> None:
    """What looks like a fix: items come round, each counts once, at its first flip. Late first flips are losses."""
    rng = np.random.default_rng(3)
    ability = rng.beta(4, 1, (500, 80))
    start = rng.random((500, 80)) < ability
    flipped, lost, gained = np.zeros((500, 80), bool), np.zeros(500), np.zeros(500)
    peak = np.zeros(500)
    for _ in range(20):
        now = rng.random((500, 80)) < ability
        first = (now != start) & ~flipped
        lost, gained = lost + (first & start).sum(axis=1), gained + (first & ~start).sum(axis=1)
        flipped |= first
        peak = np.maximum(peak, log_e_value(lost, gained))
    assert np.mean(peak >= np.log(20)) > 0.3


def test_watch_is_the_simulated_rule() -> None:
    watch = Watch(0.05)
    first = watch.look("abcd", lost="ab", gained="c")
    assert first == pytest.approx(0.8 * float(np.exp(log_e_value(2, 1))))
    watch.look("efgh", lost="e", gained="")
    assert watch.flips == [[3, 1]]
    watch.look("abef", lost="ab", gained="")
    assert watch.flips == [[3, 1], [2, 0]]
    assert watch.peak == pytest.approx(float(np.log(0.8) + log_e_value(3, 1)))
    restored = Watch(**json.loads(json.dumps(asdict(watch))))
    assert restored == watch
    for k in range(3):
        restored.look([f"new{k}{i}" for i in range(8)], [f"new{k}{i}" for i in range(8)], [])
    assert restored.alarm and restored.p < 0.05 and not watch.alarm
    with pytest.raises(ValueError, match="looked at"):
        watch.look("a", lost="z", gained="")


def test_eprocess_keeps_its_alarm_and_pickles() -> None:
    process = EProcess(0.05)
    process.update(16, 1)
    assert process.alarm
    process.update(0, 40)
    copy = pickle.loads(pickle.dumps(process))
    assert copy.alarm and copy.p == process.p < 0.05
    with pytest.raises(ValueError, match="counts"):
        process.update(-1, 0)
