"""Looking often raises no false alarm, also when the items come round again, and drops are found."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.stats.sequential.eprocess import Evidence, grown, growth, log_e, unbegun

SIMULATIONS = 10_000
LOOKS = 100
ALARM = np.log(20)
Counts = np.ndarray


def _peaks(lost: Counts, gained: Counts, items: int, margin: float = 0.0) -> np.ndarray:
    """The largest log evidence of each simulation; `lost` and `gained` count the flips of every look (simulations,
    looks) at `items` fresh items each."""
    down, still, up = growth([-1.0, 0.0, 1.0], margin)
    wealth, peak = unbegun(lost.shape[:1]), np.zeros(len(lost))
    for look in range(lost.shape[1]):
        b, c = lost[:, look, None], gained[:, look, None]
        wealth = grown(wealth, look + 1, b * down + c * up + (items - b - c) * still)
        peak = np.maximum(peak, log_e(wealth, look + 1))
    return peak


def _flips(rng: np.random.Generator, items: int, flips: float, losses: float, looks: int) -> tuple[Counts, Counts]:
    changed = rng.binomial(items, flips, (SIMULATIONS, looks))
    lost = rng.binomial(changed, losses)
    return lost, changed - lost


@pytest.mark.parametrize(
    ("items", "flips"),
    [pytest.param(16, 0.05, marks=pytest.mark.slow), (64, 0.3), pytest.param(500, 0.05, marks=pytest.mark.slow)],
)
def test_false_alarms_over_a_hundred_looks(items: int, flips: float) -> None:
    lost, gained = _flips(np.random.default_rng(0), items, flips, 0.5, LOOKS)
    assert np.mean(_peaks(lost, gained, items) >= ALARM) <= 0.05


@pytest.mark.slow
def test_a_loss_of_just_the_margin_raises_no_more() -> None:
    lost, gained = _flips(np.random.default_rng(5), 64, 0.1, 0.75, 30)  # five points lost
    assert np.mean(_peaks(lost, gained, 64, 0.05) >= ALARM) <= 0.05
    assert np.mean(_peaks(lost, gained, 64, 0.0) >= ALARM) >= 0.99


def test_repeated_fixed_tests_would_cry_wolf() -> None:
    """The mistake this module is for: the same draws, a fresh mid-p test at each look."""
    from holdfast.stats.paired import mcnemar_midp

    lost, gained = _flips(np.random.default_rng(0), 64, 0.1, 0.5, LOOKS)
    p = mcnemar_midp(lost[:2_000].cumsum(axis=1), gained[:2_000].cumsum(axis=1))
    assert np.mean((p <= 0.05).any(axis=1)) > 0.2


@pytest.mark.slow
def test_a_drop_is_found_also_one_that_comes_late() -> None:
    lost, gained = _flips(np.random.default_rng(1), 64, 0.15, 0.75, 20)
    assert np.mean(_peaks(lost, gained, 64) >= ALARM) >= 0.99
    calm = _flips(np.random.default_rng(2), 64, 0.15, 0.5, 20)
    late = [np.concatenate([before, after], axis=1) for before, after in zip(calm, (lost, gained), strict=True)]
    assert np.mean(_peaks(*late, 64) >= ALARM) >= 0.9


def _rounds(rng: np.random.Generator, simulations: int) -> tuple[Counts, Counts]:
    """An unchanged model with noise: which of 80 items flipped in each of 20 rounds (simulations, rounds, items)."""
    ability = rng.beta(4, 1, (simulations, 1, 80))
    start = rng.random((simulations, 1, 80)) < ability
    now = rng.random((simulations, 20, 80)) < ability
    return start & ~now, ~start & now


def test_false_alarms_when_items_come_round_again() -> None:
    down, up = _rounds(np.random.default_rng(2), 2_000)
    peak = np.full(2_000, -np.inf)
    for turn in range(1, 21):
        lost, gained = (side[:, turn - 1].reshape(2_000, 5, 16).sum(axis=2) for side in (down, up))
        share = 0.8 if turn == 1 else 0.2 / (turn * (turn - 1))
        peak = np.maximum(peak, _peaks(lost, gained, 16) + np.log(share))
    assert np.mean(peak >= ALARM) <= 0.05


def test_counting_first_flips_only_would_cry_wolf() -> None:
    """What looks like a fix: items come round, each counts once, at its first flip. Late first flips are losses."""
    down, up = _rounds(np.random.default_rng(3), 500)
    first = np.cumsum(np.cumsum(down | up, axis=1), axis=1) == 1
    assert np.mean(_peaks((down & first).sum(axis=2), (up & first).sum(axis=2), 80) >= ALARM) > 0.2


def test_evidence_is_the_simulated_rule() -> None:
    held = Evidence(0.05, 0.02)
    held.look({"a": -1.0, "b": -1.0, "c": 1.0, "d": 0.0})
    held.look({"e": -1.0, "f": 0.0, "g": 0.0, "h": 0.0})
    lost, gained = np.array([[2, 1]]), np.array([[1, 0]])
    assert held.peak == pytest.approx(max(0.0, float(_peaks(lost, gained, 4, 0.02)[0] + np.log(0.8))))
    held.look({"a": -1.0, "b": -1.0})
    assert [one.looks for one in held.passes] == [2, 1]
    assert held.visits["a"] == 2
    for k in range(3):
        held.look({f"{k}.{i}": -1.0 for i in range(8)})
    assert held.alarm and held.p < 0.05
    with pytest.raises(ValueError, match="lie in"):
        held.look({"z": 2.0})


@given(st.lists(st.sampled_from([-1.0, -0.5, 0.0, 1.0]), min_size=1, max_size=6))
def test_evidence_is_a_supermartingale(seen: list[float]) -> None:
    """One more look at an item whose expected change is −margin leaves the expected evidence where it was."""
    margin = 0.2

    def evidence(*looks: list[float]) -> float:
        held = Evidence(0.05, margin)
        return [held.look({f"{i}.{j}": d for j, d in enumerate(look)}) for i, look in enumerate(looks)][-1]

    for looks in ([seen], [seen, seen]):
        expected = sum(p * evidence(*looks, [d]) for p, d in ((0.3, -1.0), (0.6, 0.0), (0.1, 1.0)))
        assert expected == pytest.approx(evidence(*looks), rel=1e-9)


def test_evidence_goes_through_json_and_goes_on() -> None:
    whole, first = Evidence(0.05, 0.05), Evidence(0.05, 0.05)
    for held in (whole, first):
        held.look({"a": -1.0, "b": 0.0})
    second = Evidence.from_json(json.loads(json.dumps(asdict(first))))
    assert second.look({"a": -1.0, "c": 1.0}) == pytest.approx(whole.look({"a": -1.0, "c": 1.0}))
    assert second.visits == whole.visits == {"a": 2, "b": 1, "c": 1}
