"""A sweep's frontier: Pareto set, Holm over points, effects, and its page read back from a sweep's folder."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.report_samples import benchmark, full, interval
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.compare.result import Comparison, Decision, Verdict
from holdfast.errors import DataError
from holdfast.report import phrases, write
from holdfast.report.sweep.frontier import worst_interval
from holdfast.report.sweep.page import render, summary, write_sweep
from holdfast.report.sweep.points import Point, as_json, axis, effects, holm_over_points, pareto


def comparison(gain: float, drops: dict[str, float], p: float = 0.5) -> Comparison:
    held = [
        benchmark(task, 0.8, 0.8 + change, 0.02, Verdict.INCONCLUSIVE, holm_regressed=p)
        for task, change in drops.items()
    ]
    target = benchmark("gsm8k", 0.3, 0.3 + gain, 0.03, Verdict.IMPROVED, role="target")
    mean = sum(drops.values()) / len(drops)
    macro = full().macro
    assert macro is not None
    macro = replace(macro, difference=mean, interval=interval(mean, 0.01))
    return replace(full(), benchmarks=(target, *held), macro=macro, decision=Decision.INCONCLUSIVE)


def point(name: str, gain: float, worst: float, p: float = 0.5, **parameters: str) -> Point:
    return Point(name, comparison(gain, {"mmlu": worst, "ifeval": 0.0}, p), parameters)


SWEEP = [
    point("a", 0.20, -0.30, 1e-6, ratio="0", lr="1e-4"),
    point("b", 0.18, -0.10, 0.02, ratio="0.3", lr="1e-4"),
    point("c", 0.15, -0.12, 0.03, ratio="0", lr="1e-5"),
    point("d", 0.10, -0.01, 0.9, ratio="0.3", lr="1e-5"),
]


def test_pareto_set() -> None:
    assert pareto(SWEEP) == [True, True, False, True]
    assert pareto([SWEEP[0], SWEEP[0]]) == [True, True]


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 0)), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_pareto_set_is_never_empty_and_its_members_do_not_beat_each_other(pairs: list[tuple[int, int]]) -> None:
    points = [point(str(i), gain / 100, cost / 100) for i, (gain, cost) in enumerate(pairs)]
    kept = [p for p, best in zip(points, pareto(points), strict=True) if best]
    assert kept
    for one in kept:
        for other in kept:
            assert not (other.gain > one.gain and other.cost > one.cost)  # type: ignore[operator]


def test_the_axis_is_one_skill_and_never_the_luckless_one_of_many() -> None:
    """Where a skill is proven to have dropped it is the axis of all trainings, by name; else the held mean is."""
    assert axis(SWEEP).task == "mmlu" and "change of mmlu" in render(SWEEP)
    assert "Across stands mmlu" in render(SWEEP)
    noise = [Point(str(i), comparison(0.1, {f"s{k}": -0.03 * (k == i) for k in range(6)})) for i in range(6)]
    assert axis(noise).task is None and {point.worst.task for point in noise if point.worst} == {
        f"s{k}" for k in range(6)
    }
    page, record = render(noise), as_json(noise)
    assert "change of the held skills&#x27; mean" in page or "change of the held skills' mean" in page
    assert record["axis"] == "mean of the held skills" and record["points"][0]["cost"] == pytest.approx(-0.005)
    assert all(best for best in pareto(noise)), "equal gain and equal mean: none beats another"
    assert [one["pareto"] for one in record["points"]] == pareto(noise)


def test_holm_over_the_points() -> None:
    assert holm_over_points(SWEEP) == pytest.approx([4e-6, 0.06, 0.06, 0.9])
    assert holm_over_points([]) == []


def test_effects_average_over_the_other_parameters() -> None:
    found = {(e.parameter, e.value): e for e in effects(SWEEP)}
    assert set(found) == {("ratio", "0"), ("ratio", "0.3"), ("lr", "1e-4"), ("lr", "1e-5")}
    assert found["ratio", "0"].gain == pytest.approx((0.20 + 0.15) / 2)
    assert found["ratio", "0.3"].worst_cost == pytest.approx(-0.055)
    assert found["lr", "1e-5"].mean_cost == pytest.approx((-0.06 - 0.005) / 2)


def test_summary_names_the_best_training_without_a_proven_regression() -> None:
    assert summary(SWEEP) == "Of 4 trainings, b gained most (+18.0 points) among the 3 without a proven regression."
    assert summary(SWEEP[:1]) == "Each of 1 training provably cost a held skill."


def test_page_draws_every_point_and_escapes_names() -> None:
    page = render([*SWEEP, point("<script>x", 0.0, 0.0)])
    assert len(re.findall(r'<g class="point ', page)) == 5
    bounds = worst_interval(SWEEP[1].comparison)
    assert bounds is not None and bounds.low < -0.12 < bounds.high and phrases.interval(bounds) in page
    assert page.count("<script>") == 2 and "&lt;script&gt;x" in page
    assert not re.search(r"(src|href)=\"http", page)


def test_sweep_folder_is_read_and_written(tmp_path: Path) -> None:
    for one in SWEEP:
        name = ",".join(f"{key}={value}" for key, value in one.parameters.items())
        write(one.comparison, tmp_path / name, formats=("json",))
    (tmp_path / "ratio=1,lr=1e-3").mkdir()
    page, record = write_sweep(tmp_path)
    assert "What each parameter did" in page.read_text()
    written = json.loads(record.read_text())
    points = {p["name"]: p for p in written["points"]}
    headline = re.search(r"<h1>(.*?)</h1>", page.read_text())
    assert headline is not None and written["best"] in headline[1]
    assert f"among the {len(written['without_regression'])} without a proven regression" in headline[1]
    assert points["ratio=0.3,lr=1e-4"]["gain"] == pytest.approx(0.18)
    assert points["ratio=0,lr=1e-5"] | {"p_regressed_holm": 0} == {
        "name": "ratio=0,lr=1e-5",
        "parameters": {"ratio": "0", "lr": "1e-5"},
        "gain": pytest.approx(0.15),
        "mean_held": pytest.approx(-0.06),
        "cost": pytest.approx(-0.12),
        "worst_held": pytest.approx(-0.12),
        "worst_task": "mmlu",
        "decision": "INCONCLUSIVE",
        "pareto": False,
        "p_regressed_holm": 0,
    }


def test_empty_sweep_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no finished job"):
        write_sweep(tmp_path)
