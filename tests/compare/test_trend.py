"""Checkpoints in their order: a slow decline that no single comparison proves, steps from names, false alarms."""

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.made_runs import made_rows, made_run

from holdfast.cli import main
from holdfast.compare.trend import _lines, steps_of, trend
from holdfast.errors import UsageError
from holdfast.runs.measurement import Measurement
from holdfast.stats.means import sign_flip_p

NAMES = ["base", "checkpoint-100", "checkpoint-200", "checkpoint-300", "checkpoint-400"]


def checkpoints(folder: Path, drop: float, n: int = 600, seed: int = 1) -> dict[str, Measurement]:
    """Items of two benchmarks; `falling` loses `drop` from run to run, `same` nothing."""
    rng = np.random.default_rng(seed)
    right = rng.random(n) < 0.7
    other = rng.random(n) < 0.6
    runs = {}
    for number, name in enumerate(NAMES):
        noise, also = rng.random(n) < 0.04, rng.random(n) < 0.04
        scores = (right & ~(rng.random(n) < drop * number / 0.7)) ^ noise
        rows = {"falling": made_rows("falling", scores.astype(float).tolist())}
        rows["same"] = made_rows("same", (other ^ also).astype(float).tolist())
        runs[name] = made_run(folder / name, rows, name)
    return runs


def test_a_slow_decline_is_found_from_all_runs_together(tmp_path: Path) -> None:
    found = trend(checkpoints(tmp_path, 0.012), steps=steps_of(NAMES))
    tasks = {one.task: one for one in found.tasks}
    assert found.steps == (0, 100, 200, 300, 400)
    falling = tasks["falling"]
    assert falling.direction == "falls" and falling.interval.low < -0.045 < falling.interval.high
    assert tasks["same"].direction == "open" and len(falling.means) == 5
    with pytest.raises(UsageError, match="3 runs or more"):
        trend(dict(list(checkpoints(tmp_path / "x", 0.0, 50).items())[:2]))
    with pytest.raises(UsageError, match="must rise"):
        trend(checkpoints(tmp_path / "y", 0.0, 50), steps=[0, 2, 1, 3, 4])


def test_two_steps_apart_are_the_plain_difference() -> None:
    scores = np.array([[1.0, 0.0, 1.0], [0.5, 0.5, 0.5], [0.0, 1.0, 1.0]])
    assert _lines(scores, np.array([0.0, 1.0, 2.0])).tolist() == [-1.0, 1.0, 0.0]
    assert _lines(scores[[0, 2]], np.array([0.0, 7.0])).tolist() == [-1.0, 1.0, 0.0]


def test_steps_come_from_names() -> None:
    assert steps_of(["runs/base", "runs/checkpoint-50", "runs/checkpoint-900"]) == [0, 50, 900]
    assert steps_of(["a/after", "b/after", "c/after"]) is None
    assert steps_of(["ck-3", "ck-2", "ck-9"]) is None


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checkpoints(tmp_path, 0.012)
    paths = [str(tmp_path / name) for name in NAMES]
    main(["compare", *paths, "trend=true", "margin=5"])
    out = " ".join(capsys.readouterr().out.split())
    assert "Along the 5 runs, base … checkpoint-400" in out and "falls" in out and "no proven trend" in out
    main(["compare", *paths, "trend=true", "margin=5", "--json"])
    record = json.loads(capsys.readouterr().out)
    assert [one["task"] for one in record["trend"]["tasks"]] == ["falling", "same"]
    assert main(["compare", *paths[:2], "trend=true"]) == 64


def test_a_direction_holds_for_every_run_of_several(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The baseline is compared twice: it must be turned around for both, and for the trend."""
    for name, value in (("a", 0.2), ("b", 0.5), ("c", 0.8)):
        made_run(tmp_path / name, {"t": made_rows("t", [value] * 60)}, name)
    paths = [str(tmp_path / name) for name in "abc"]
    for words in ([], ["trend=true"]):
        assert main(["compare", *paths, *words, "direction=lower", "--json"]) == 1
        record = json.loads(capsys.readouterr().out)
        differences = [one["benchmarks"][0]["difference"] for one in record["comparisons"]]
        assert differences == pytest.approx([-0.3, -0.6])
    assert record["trend"]["tasks"][0]["direction"] == "falls"


@pytest.mark.slow
def test_false_alarms_of_a_trend() -> None:
    """Five runs of an unchanged model, 10,000 times: a trend is proven in at most 5.5 %."""
    rng, steps = np.random.default_rng(5), np.arange(5.0)
    ability, alarms = rng.beta(3, 1, 200), 0
    for seed in range(10_000):
        lines = _lines((rng.random((5, 200)) < ability).astype(float), steps)
        alarms += sign_flip_p(lines, "two-sided", permutations=999, seed=seed) <= 0.05
    assert alarms / 10_000 <= 0.055
