"""The length-controlled win rate on simulated judgments whose truth is known."""

from typing import Any

import numpy as np
import pytest

from holdfast.benchmarks.engine.metrics import length_controlled_metrics
from holdfast.runs.row import Row
from holdfast.stats.length_control import length_controlled


def simulated(
    seed: int, strength: float, effect: float, longer: float, hard: float = 0.0, n: int = 805
) -> tuple[Any, Any, Any, Any, float]:
    """(preferences, lengths, baseline lengths, difficulties, the win rate at equal length)."""
    dice = np.random.default_rng(seed)
    baseline = dice.integers(200, 3000, n)
    lengths = np.maximum(1, baseline + dice.normal(longer, 800, n)).astype(int)
    difference = lengths - baseline
    gamma = dice.normal(0, 1, n)
    level = strength + hard * gamma
    logit = level + effect * np.tanh(difference / difference.std())
    wins = (dice.random(n) < 1 / (1 + np.exp(-logit))).astype(float)
    return wins, lengths, baseline, gamma, float((1 / (1 + np.exp(-level))).mean())


@pytest.mark.parametrize(("strength", "effect", "longer"), [(-1.0, 1.5, 600), (0.5, 0.8, -400), (0.0, 0.0, 300)])
def test_the_truth_lies_in_the_interval(strength: float, effect: float, longer: float) -> None:
    covered, errors, raw = [], [], []
    for seed in range(300):
        wins, lengths, baseline, _, truth = simulated(seed, strength, effect, longer)
        found = length_controlled(wins, lengths, baseline)
        assert found is not None
        covered.append(found.low <= truth <= found.high)
        errors.append(found.win_rate - truth)
        raw.append(found.raw - truth)
    assert 0.92 <= np.mean(covered) <= 0.98
    assert abs(np.mean(errors)) < 0.006
    if effect:
        assert abs(np.mean(raw)) > 0.05, "the raw rate should be off where length is rewarded"


def test_known_difficulties_are_used_and_unknown_ones_cost_little() -> None:
    with_them, without = [], []
    for seed in range(200):
        wins, lengths, baseline, gamma, truth = simulated(seed, -0.5, 1.0, 500, hard=1.0)
        told, plain = length_controlled(wins, lengths, baseline, gamma), length_controlled(wins, lengths, baseline)
        assert told is not None and plain is not None and told.difficulty_effect is not None
        with_them.append(told.win_rate - truth)
        without.append(plain.win_rate - truth)
    assert abs(np.mean(with_them)) < 0.006 and abs(np.mean(without)) < 0.02
    assert np.std(with_them) < np.std(without)


def test_only_length_makes_no_difference_at_equal_length() -> None:
    """A model that wins by length alone is level with its baseline."""
    wins, lengths, baseline, _, _ = simulated(1, 0.0, 3.0, 900)
    found = length_controlled(wins, lengths, baseline)
    assert found is not None and found.raw > 0.65 and abs(found.win_rate - 0.5) < 0.08 and found.length_effect > 2


def test_extremes_stay_finite_and_too_little_is_refused() -> None:
    lengths = list(range(100, 160))
    found = length_controlled([1.0] * 60, lengths, [100] * 60)
    assert found is not None and 0.9 < found.win_rate <= 1.0 and found.high <= 1.0
    assert length_controlled([1.0] * 10, lengths[:10], [100] * 10) is None
    assert length_controlled([1.0] * 60, [100] * 60, [100] * 60) is None


def test_rows_of_a_run_give_the_metrics() -> None:
    wins, lengths, baseline, _, truth = simulated(3, -1.0, 1.5, 600)
    rows = [
        Row("alpaca_eval", str(i), "", "", "", "x" * int(lengths[i]), "y" * int(baseline[i]), float(wins[i]), "correct")
        for i in range(len(wins))
    ]
    found = length_controlled_metrics(rows)
    assert abs(found["length_controlled_win_rate"] - truth) < 0.06
    assert found["length_controlled_low"] < found["length_controlled_win_rate"] < found["length_controlled_high"]
    assert length_controlled_metrics(rows[:5]) == {}
