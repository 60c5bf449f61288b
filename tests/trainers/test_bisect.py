"""Bisecting: the break is found where it is, with as few looks as halving needs."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from holdfast.compare import Verdict
from holdfast.trainers.bisect import first_break


@pytest.mark.parametrize("broken_at", [20, 40, 100, 320])
def test_the_first_broken_checkpoint_is_found_by_halving(broken_at: int) -> None:
    looked: list[int] = []

    def look(step: int) -> dict[str, Any]:
        looked.append(step)
        verdict = Verdict.REGRESSED if step >= broken_at else Verdict.INCONCLUSIVE
        return {"skill": SimpleNamespace(verdict=verdict, difference=-0.2, p_regressed=1e-4)}

    found = first_break("skill", list(range(20, 340, 20)), look)
    assert (found.held_at, found.broken_at) == (broken_at - 20, broken_at)
    assert len(set(looked)) <= 5


def test_a_drop_that_no_checkpoint_shows_is_not_dated() -> None:
    def look(step: int) -> dict[str, Any]:
        return {"skill": SimpleNamespace(verdict=Verdict.INCONCLUSIVE, difference=0.0, p_regressed=0.5)}

    found = first_break("skill", [10, 20, 30], look)
    assert (found.held_at, found.broken_at) == (30, None)


def test_a_run_that_forgets_is_dated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from holdfast.cli import main

    suite = "suite=[tiny_subtraction,tiny_upper,tiny_python]"
    words = ["experiment=tiny_sft", suite, "trainer.args.max_steps=24"]
    keep = ["trainer.args.save_steps=6", "trainer.args.save_total_limit=10"]
    assert main(["train", *words, *keep, f"out={tmp_path / 'run'}"]) == 0
    capsys.readouterr()
    assert main(["bisect", str(tmp_path / "run"), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert "tiny_python" in {one["task"] for one in record["breaks"]}
    for one in record["breaks"]:
        assert 0 <= one["held_at"] < one["broken_at"] <= 24
        assert one["p"] < 0.05
        assert record["looks"][str(one["broken_at"])][one["task"]] == one["difference"] < 0


def test_a_run_without_checkpoints_says_how_to_keep_them(tmp_path: Path) -> None:
    from holdfast.errors import DataError
    from holdfast.trainers.bisect import checkpoints

    with pytest.raises(DataError, match="save_steps"):
        checkpoints(tmp_path)
