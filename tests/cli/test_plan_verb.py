"""`holdfast plan`: sizes without a download, pilots, the cheapest suite."""

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.made_runs import made_rows, made_run

from holdfast.benchmarks.suites.suite import suite_names
from holdfast.cli import main
from holdfast.stats.suite import simulate_unchanged

SIZES = "sizes=[ifeval:541,gsm8k:1319,mmlu:14042]"


def _plan(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    assert main(["plan", *words, "--json"]) == 0
    return dict(json.loads(capsys.readouterr().out))


def test_the_designs_figures(capsys: pytest.CaptureFixture[str]) -> None:
    plan = _plan(capsys, SIZES, "flips=0.1", "margin=1")
    found = {one["task"]: round(100 * one["mde"], 2) for one in plan["benchmarks"]}  # type: ignore[attr-defined]
    assert found == {"ifeval": 3.38, "gsm8k": 2.17, "mmlu": 0.66}
    assert plan["margin"] == 0.01 and float(plan["pass_unchanged"]) < 0.8 < 1  # type: ignore[arg-type]


FAST = ("tiny", "safety")


@pytest.mark.parametrize(
    "suite", [name if name in FAST else pytest.param(name, marks=pytest.mark.slow) for name in suite_names()]
)
def test_every_shipped_suite_is_planned_offline(suite: str, capsys: pytest.CaptureFixture[str]) -> None:
    plan = _plan(capsys, f"suite={suite}", "tokens_per_second=1000")
    assert plan["items"] and 0 < float(plan["default_margin"]) < 0.2  # type: ignore[arg-type]
    assert float(plan["seconds"]) > 0  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_cheapest_suite_does_what_is_wanted_and_less_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    plan = _plan(capsys, SIZES, "margin=2", "tokens_per_second=1000")
    cheapest = plan["cheapest"]
    assert isinstance(cheapest, dict) and sum(cheapest.values()) < 541 + 1_319 + 14_042
    sizes = np.array(list(cheapest.values()))
    assert simulate_unchanged(sizes, 0.1, simulations=20_000, seed=9).passes(0.02) >= 0.78
    assert simulate_unchanged((sizes * 0.8).astype(int), 0.1, simulations=20_000, seed=9).passes(0.02) < 0.77
    assert float(plan["cheapest_seconds"]) < float(plan["seconds"])  # type: ignore[arg-type]


def test_an_effect_needs_items_or_repeats(capsys: pytest.CaptureFixture[str]) -> None:
    plan = _plan(capsys, "sizes=[t:600]", "effect=3", "flips=0.2", "noise=0.18")
    (bench,) = plan["benchmarks"]  # type: ignore[misc]
    assert bench["items_for_effect"] == 1374  # type: ignore[index]
    repeats = bench["repeats_for_effect"]  # type: ignore[index]
    again = _plan(capsys, "sizes=[t:600]", "effect=3", "flips=0.2", "noise=0.18", f"repeats={repeats}")
    assert again["benchmarks"][0]["items_for_effect"] <= 600  # type: ignore[index]
    fewer = _plan(capsys, "sizes=[t:600]", "effect=3", "flips=0.2", "noise=0.18", f"repeats={repeats - 1}")
    assert fewer["benchmarks"][0]["items_for_effect"] > 600  # type: ignore[index]
    assert plan["cheapest"] is None


def test_a_pilot_of_one_model_gives_flips_noise_and_lengths(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scores = [float(i % 2) for i in range(200)]
    again = [1 - s if i < 10 else s for i, s in enumerate(scores)]
    for name, one in (("1", scores), ("2", again)):
        made_run(tmp_path / name, {"t": made_rows("t", one, tokens=40)}, "same")
    words = ["sizes=[t:1000,other:500]", str(tmp_path / "1"), str(tmp_path / "2"), "tokens_per_second=100"]
    plan = _plan(capsys, *words)
    flips = {one["task"]: (one["flips"], one["seconds"]) for one in plan["benchmarks"]}  # type: ignore[attr-defined]
    assert flips == {"t": (0.05, 400.0), "other": (0.1, 1280.0)}


def test_a_target_is_not_held(capsys: pytest.CaptureFixture[str]) -> None:
    all_held = _plan(capsys, SIZES)
    plan = _plan(capsys, SIZES, "target=[gsm8k]")
    assert plan["default_margin"] != all_held["default_margin"]
    assert main(["plan", "sizes=[t:100]", "target=[t]"]) == 64


def test_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", SIZES, "margin=2", "effect=3", "tokens_per_second=2000"]) == 0
    out = capsys.readouterr().out
    assert "Default margin" in out and "ifeval: too few items for the effect" in out and "One measurement" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "needs suite="),
        (["suite=quik"], "did you mean 'quick'"),
        (["sizes=[t]"], "task:items"),
        ([SIZES, "flips=2"], "flips="),
        ([SIZES, "noise=0.5"], "noise="),
        ([SIZES, "target=[mmul]"], "did you mean 'mmlu'"),
        ([SIZES, "a", "b", "c"], "a pilot is two runs"),
    ],
)
def test_bad_input_is_one_line(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", *words]) == 64
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1
