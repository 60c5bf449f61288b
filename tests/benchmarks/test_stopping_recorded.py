"""Recorded pairs of real runs: what is decided early is what the comparison of all items says."""

import numpy as np
import pytest
from helpers.stopped_pairs import Pair, contradicts, full, pairs, stopped

from holdfast.compare.result import Verdict as Full
from holdfast.stats.sequential.stopping import StopVerdict

MARGIN, REPETITIONS = 0.05, 200


@pytest.fixture(scope="module")
def recorded() -> list[Pair]:
    return list(pairs())


def test_every_recorded_pair_is_decided_as_in_full_or_measured_to_the_end(recorded: list[Pair]) -> None:
    assert len(recorded) == 16
    for pair in recorded:
        verdict, items = stopped(pair, MARGIN)
        assert not contradicts(verdict, full(pair, MARGIN)), pair.name
        assert (verdict is StopVerdict.OPEN) == (items == pair.n), pair.name
        if abs(pair.after.mean() - pair.before.mean()) > 2 * MARGIN:
            assert items <= 0.15 * pair.n, (pair.name, items)


@pytest.mark.slow
def test_over_200_resamples_of_every_pair_1_percent_contradict_the_full_verdict_at_most(recorded: list[Pair]) -> None:
    """A loss between nothing and the margin is both HELD (it is below the margin) and, of many items, a proven drop:
    one pair has such a loss (4.3 points) and makes most of the contradictions."""
    found = 0
    for pair in recorded:
        rng = np.random.default_rng(0)
        own = 0
        for _ in range(REPETITIONS):
            again = pair.resampled(rng)
            own += contradicts(stopped(again, MARGIN)[0], full(again, MARGIN))
        found += own
        assert own <= 0.05 * REPETITIONS, (pair.name, own)
    assert found <= 0.01 * REPETITIONS * len(recorded), found


def test_the_full_verdict_is_that_of_the_comparison(recorded: list[Pair]) -> None:
    verdicts = {pair.name: full(pair, MARGIN) for pair in recorded}
    assert verdicts["gsm8k 6b_finetuning, 175b_finetuning"] is Full.IMPROVED
    assert verdicts["gsm8k 175b_finetuning, 6b_verification, reversed"] is Full.REGRESSED
