"""Hydra's private multirun: one file knows it, and this fails when Hydra moves it."""

import subprocess
from pathlib import Path

import pytest

from holdfast.errors import UsageError
from holdfast.trainers.job.hydra_multirun import multirun

ROOT = Path(__file__).parents[2]


def test_every_combination_is_a_job(tmp_path: Path) -> None:
    seen: list[tuple[object, object]] = []
    multirun(
        "train",
        lambda config: seen.append((config.seed, config.limit)),
        [f"++out={tmp_path}", "++seed=0,1", "++limit=2,3"],
    )
    assert seen == [(0, 2), (0, 3), (1, 2), (1, 3)]


def test_a_version_that_was_not_tried_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hydra.__version__", "1.5.0")
    with pytest.raises(UsageError, match=r"need hydra-core 1\.3\.\*, not 1\.5\.0"):
        multirun("train", print, [])


def test_one_file_reaches_into_hydra() -> None:
    folders = ["harness", "rewards", "benchmarks", "trainers"]
    found = subprocess.run(
        ["grep", "-rlE", r"from hydra\._internal|import hydra\._internal", "--include=*.py", *folders],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()
    assert found == ["trainers/job/hydra_multirun.py"]
