"""Bisecting: the break is found where it is, with as few looks as halving needs."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from holdfast.compare import Verdict
from holdfast.trainers.repair.bisect import first_break


@pytest.mark.parametrize("broken_at", [20, 40, 100, 320])
def test_the_first_broken_checkpoint_is_found_by_halving(broken_at: int) -> None:
    looked: list[int] = []

    def look(step: int) -> dict[str, Any]:
        looked.append(step)
        verdict = Verdict.REGRESSED if step >= broken_at else Verdict.INCONCLUSIVE
        return {"skill": SimpleNamespace(verdict=verdict, difference=-0.2, p_regressed=1e-4)}  # all it reads

    found = first_break("skill", list(range(20, 340, 20)), look)
    assert (found.held_at, found.broken_at) == (broken_at - 20, broken_at)
    assert len(set(looked)) <= 5


def test_a_drop_that_no_checkpoint_shows_is_not_dated() -> None:
    def look(step: int) -> dict[str, Any]:
        return {"skill": SimpleNamespace(verdict=Verdict.INCONCLUSIVE, difference=0.0, p_regressed=0.5)}

    found = first_break("skill", [10, 20, 30], look)
    assert (found.held_at, found.broken_at) == (30, None)


@pytest.fixture(scope="module")
def forgot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 24 steps that forgets, with four checkpoints."""
    from holdfast.cli import main

    out = tmp_path_factory.mktemp("bisect") / "run"
    suite = "suite=[tiny_subtraction,tiny_upper,tiny_python]"
    words = ["experiment=tiny_sft", suite, "trainer.args.max_steps=24"]
    keep = ["checkpoints=3"]
    assert main(["train", *words, *keep, f"out={out}"]) == 0
    return out


@pytest.mark.slow
def test_a_run_that_forgets_is_dated_and_its_report_says_so(forgot: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from holdfast.cli import main

    capsys.readouterr()
    assert main(["bisect", str(forgot), "--json"]) == 0
    out, err = capsys.readouterr()
    record = json.loads(out)
    assert json.loads((forgot / "bisect" / "bisect.json").read_text()) == record
    assert "checkpoints are measured" in err.split("bisect: step")[0], "the cost is told before it begins"
    assert record["checkpoints"] == [6, 12, 18, 24]
    assert "tiny_python" in {one["task"] for one in record["breaks"]}
    for one in record["breaks"]:
        assert 0 <= one["clear_at"] <= one["held_at"] < one["broken_at"] <= 24
        assert one["p"] < 0.05
        low, high = one["interval"]
        assert low <= one["difference"] <= high < 0
        seen = record["looks"][str(one["broken_at"])][one["task"]]
        assert seen["difference"] == one["difference"] == (seen["gained"] - seen["lost"]) / seen["n"]
    drafted = list((forgot / "bisect").glob("step-*/drafts.json"))
    assert {int(one.parent.name.removeprefix("step-")) for one in drafted} == {
        int(step) for step in record["looks"]
    } - {24}
    for one in drafted:  # the last step's answers are those of the measurement after
        assert json.loads(one.read_text())["accepted"] > 0, "the answers before were tried as drafts"
    report = (forgot / "report.md").read_text()
    assert "When it broke" in report
    assert f"by step {record['breaks'][0]['broken_at']}" in report or "between step" in report


@pytest.mark.slow
def test_killed_it_goes_on_where_it_was(forgot: Path, tmp_path: Path) -> None:
    """kill -9 in the middle of a scan; what was measured by then is not measured again, and the result is the same."""
    run = tmp_path / "run"
    shutil.copytree(forgot, run, ignore=shutil.ignore_patterns("bisect"))
    asked = [sys.executable, "-m", "holdfast", "bisect", str(run), "scan=true", "--json"]
    environment = os.environ | {"HOLDFAST_CACHE": str(tmp_path / "cache")}
    first = subprocess.Popen(asked, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    done = run / "bisect" / "step-6" / "results.json"
    while first.poll() is None and not done.is_file():
        time.sleep(0.05)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert done.is_file()
    assert not (run / "bisect" / "bisect.json").exists()
    stamp = done.stat().st_mtime_ns
    second = subprocess.run(asked, capture_output=True, text=True, env=environment, check=True)
    record = json.loads(second.stdout)
    assert done.stat().st_mtime_ns == stamp
    assert sorted(map(int, record["looks"])) == record["checkpoints"] == [6, 12, 18, 24]


def test_a_skill_that_came_back_is_told() -> None:
    from holdfast.trainers.repair.bisect import Break, _break_record

    def at(difference: float, broken: bool) -> Any:
        verdict = Verdict.REGRESSED if broken else Verdict.INCONCLUSIVE
        interval = SimpleNamespace(low=difference - 0.05, high=difference + 0.05)
        return SimpleNamespace(verdict=verdict, difference=difference, p_regressed=0.001, interval=interval)

    seen = {10: at(0.0, False), 20: at(-0.2, True), 30: at(-0.02, False), 40: at(-0.3, True)}
    looked = {step: {"skill": one} for step, one in seen.items()}
    told = _break_record(Break("skill", 30, 40, seen[40]), looked)
    assert (told["held_at"], told["clear_at"], told["broken_at"]) == (10, 10, 20)
    assert (told["monotone"], told["recovered_at"]) == (False, [30])
    assert "no drop is proven at step 30" in told["sentence"]


def test_a_run_without_checkpoints_says_how_to_keep_them(tmp_path: Path) -> None:
    from holdfast.errors import DataError
    from holdfast.trainers.repair.bisect import checkpoints

    with pytest.raises(DataError, match="checkpoints=10"):
        checkpoints(tmp_path)
