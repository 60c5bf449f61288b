"""What a plan says can be found is found, also where fewer items flip than the drop would make flip."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from holdfast.compare.planning.cost import designs
from holdfast.compare.planning.power import Bench, Requirements, cheapest_sizes, make_plan, power_of_drop
from holdfast.stats.suite import Design, proven

FLIPS = [0.0, 0.001, 0.01, 0.05, 0.3]
SAMPLED = [(1, None), (4, None), (4, 8)]
"""Answers per item of the run after and of the one before."""


def made(items: int, flips: float, answers: tuple[int, int | None], name: str = "a") -> Bench:
    return Bench(name, items, flips, flips if answers != (1, None) else 0.0, answers[0], baseline_repeats=answers[1])


@pytest.mark.parametrize("answers", SAMPLED)
@pytest.mark.parametrize("flips", FLIPS)
@pytest.mark.parametrize("items", [60, 1000])
def test_the_drop_that_is_told_is_found(items: int, flips: float, answers: tuple[int, int | None]) -> None:
    bench = made(items, flips, answers)
    requirements = Requirements(effect=0.1)
    plan = make_plan("x", [bench], requirements)
    (one,) = plan.benchmarks
    assert 0 < one.mde <= one.mde_in_suite < 0.5 and 0 < plan.macro_mde < 0.5
    dropped = bench.dropped(one.mde)
    se = np.sqrt(dropped.variance / items) if bench.averaged else float("nan")
    alone = Design.of([True])
    found = proven([items], [dropped.flips], [-one.mde], se=[se], design=alone, simulations=4000, seed=1)
    assert float(found.any(axis=-1).mean()) >= 0.7
    enough = one.items_for_effect
    assert enough is not None and power_of_drop(bench, enough, 0.1, 0.05 * alone.weights[0]) >= 0.75
    sizes = cheapest_sizes([bench], requirements, 0)
    assert sizes == (None if enough > items else {"a": enough})


@pytest.mark.parametrize("answers", SAMPLED)
def test_more_flips_never_show_a_smaller_drop(answers: tuple[int, int | None]) -> None:
    plans = [make_plan("x", [made(200, flips, answers)], Requirements(effect=0.05)) for flips in FLIPS[1:]]
    for values in ([one.benchmarks[0].mde for one in plans], [one.benchmarks[0].items_for_effect for one in plans]):
        assert all(b >= 0.97 * a for a, b in pairwise(values)), values


def test_two_items_are_never_enough_because_nothing_flipped() -> None:
    benches = [made(50, 0.0, (4, None)), made(1000, 0.0, (4, None), "b")]
    ways = designs(benches, Requirements(margin=0.02, effect=0.05))
    assert all(way.items > 100 for way in ways) and not ways[0].enough, "50 items do not show five points"


def test_more_answers_before_are_never_fewer_than_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """A benchmark whose run before has more answers keeps them where another one's are raised."""
    from holdfast.compare.planning import cost

    tried: list[tuple[int | None, ...]] = []
    monkeypatch.setattr(
        cost, "cheapest_sizes", lambda benches, *_: tried.append(tuple(b.baseline_repeats for b in benches))
    )
    benches = [Bench("aime", 60, 0.3, 0.3, 4), Bench("more", 60, 0.3, 0.3, 1, baseline_repeats=5), Bench("greedy", 60)]
    designs(benches, Requirements(effect=0.1))
    assert tried == [(None, 5, None), (8, 8, None)]
    tried.clear()
    designs([*benches, Bench("one", 60, 0.3, 0.3, 1)], Requirements(effect=0.1))
    assert tried == [(None, 5, None, None), (None, 5, None, 2), (None, 5, None, 4), (8, 8, None, 8)]


def test_the_weakest_benchmark_is_the_one_that_finds_least(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the one with the fewest items: half of the larger one's items flip."""
    from holdfast.compare.planning import cost

    drops = []
    real = cost.simulate

    def noted(n: Any, flips: Any, effects: Any, *rest: Any, **more: Any) -> Any:
        drops.append(effects)
        return real(n, flips, effects, *rest, **more)

    monkeypatch.setattr(cost, "simulate", noted)
    designs([Bench("few", 400, 0.02), Bench("noisy", 500, 0.5)], Requirements(margin=0.05, effect=0.1))
    assert drops == [(0.0, 0.0), (0.0, -0.1)]
