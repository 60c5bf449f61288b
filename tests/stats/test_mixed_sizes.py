"""Stopping a suite of small and large benchmarks: the small ones do not keep the others from a verdict, and errors over
all of them stay below 5 %."""

import pytest
from helpers.mixed_suites import mixed_suites

from holdfast.stats.sequential.looks import Rule
from holdfast.stats.sequential.stopping import StopVerdict, least_items, may_stop, simulate, worthwhile

SIZES = (50, 164, 541, 1319, 14042)
TRUTHS = {
    "nothing changed": (0.0,) * 5,
    "all lose the margin": (-0.05,) * 5,
    "the small ones do": (-0.05, -0.05, 0.0, 0.0, 0.0),
    "one does": (0.0, 0.0, -0.05, 0.0, 0.0),
    "the largest does": (0.0, 0.0, 0.0, 0.0, -0.05),
}


@pytest.mark.parametrize("margin", [0.02, 0.03, 0.05, 0.1, 0.3])
def test_the_least_items_are_those_with_which_no_flip_is_just_held(margin: float) -> None:
    least = least_items(margin)
    for n, expected in ((least, StopVerdict.HELD), (least - 1, StopVerdict.OPEN)):
        found = simulate((n,), (0.0,), (0.0,), Rule((margin,), margin), step=1, simulations=1)
        assert found.verdict[0, 0] == expected
    assert worthwhile(margin) == 4 * least


def test_small_benchmarks_are_measured_whole_beside_large_ones_only() -> None:
    assert may_stop(SIZES, 0.05) == [False, False, True, True, True]
    assert may_stop((50, 164), 0.05) == [True, True] and may_stop((50,), 0.05) == [True] and may_stop((), 0.05) == []
    assert may_stop(SIZES, 0.1) == [False, False, True, True, True] and may_stop(SIZES, 0.3) == [False, *[True] * 4]


@pytest.mark.parametrize(("truth", "draws"), [
    *((truth, 500) for truth in ("nothing changed", "all lose the margin")),
    *(pytest.param(truth, 10_000, marks=pytest.mark.slow) for truth in TRUTHS),
])  # fmt: skip
@pytest.mark.parametrize("flips", [(0.1,) * 5, pytest.param((0.2, 0.15, 0.12, 0.1, 0.06), marks=pytest.mark.slow)])
def test_errors_over_a_mixed_suite(truth: str, draws: int, flips: tuple[float, ...]) -> None:
    found = mixed_suites(SIZES, flips, TRUTHS[truth], 0.05, draws, 7)
    assert found["false REGRESSED"] <= 0.05 and found["false HELD"] <= 0.05, found
    if truth == "nothing changed":
        assert found["suite HELD"] >= 0.9, found
