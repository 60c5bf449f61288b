"""A sweep: every job has its folder and outcome, and one that fails or is killed does not end it."""

import json
import subprocess
from pathlib import Path

import pytest


def sweep(out: Path, untrained: Path, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, dict[str, object]]:
    from holdfast.cli import main

    common = [f"model={untrained}", "suite=[tiny_sort]", "limit=4", "trainer.args.max_steps=1", f"out={out}"]
    assert main(["train", "-m", *common, *words, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["out"] == str(out)
    jobs: dict[str, dict[str, object]] = printed["jobs"]
    return jobs


@pytest.mark.slow
def test_a_failing_job_does_not_end_the_sweep(
    untrained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jobs = sweep(tmp_path / "sw", untrained, capsys, "data.replay.ratio=7,0")
    assert jobs["data.replay.ratio=7"]["status"] == "failed"
    assert "must be at least 0 and below 1" in str(jobs["data.replay.ratio=7"]["error"])
    assert jobs["data.replay.ratio=0"]["status"] == "finished"
    assert (tmp_path / "sw" / "data.replay.ratio=0" / "report.html").stat().st_size > 0


def test_a_jobs_secret_reaches_the_job_and_no_file_of_the_sweep(
    untrained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []

    def child(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        given = Path(command[-1].removeprefix("from="))
        read.append(json.loads(given.read_text())["config"]["trainer"]["args"]["hub_token"])
        return subprocess.CompletedProcess(command, 1)

    monkeypatch.setattr("holdfast.trainers.job.sweep.subprocess.run", child)
    sweep(tmp_path / "sw", untrained, capsys, "+trainer.args.hub_token=hf_unseen", "seed=0,1")
    assert read == ["hf_unseen", "hf_unseen"]
    files = [path for path in (tmp_path / "sw").rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"job.json"}
    assert not [path for path in files if b"hf_unseen" in path.read_bytes()]


def test_words_that_are_wrong_start_no_job(untrained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from holdfast.cli import main

    assert main(["train", "-m", "sead=1,2", f"out={tmp_path / 'sw'}"]) == 64
    assert "did you mean 'seed'" in capsys.readouterr().err
    assert not list(tmp_path.glob("sw/*/"))


@pytest.mark.slow
def test_four_jobs_at_once_measure_the_base_once(
    untrained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLDFAST_CACHE", str(tmp_path / "cache"))
    words = ["launcher=joblib", "hydra.launcher.n_jobs=4", "seed=0,1,2,3", "trainer.args.learning_rate=0.01"]
    jobs = sweep(tmp_path / "sw", untrained, capsys, *words)
    assert {job["status"] for job in jobs.values()} == {"finished"}
    assert len(jobs) == 4
    generated = [
        len(json.loads(line))
        for file in (tmp_path / "cache" / "completions").glob("*/*.jsonl")
        for line in file.read_text().splitlines()
    ]
    results = {
        (f.parent / "checkpoint" / "model.safetensors").read_bytes() for f in (tmp_path / "sw").glob("*/outcome.json")
    }
    assert sum(generated) == 4 * (1 + len(results)), "four items of the base once, and of each result"
