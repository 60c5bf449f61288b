"""The whole job on the command line: resumed after kill -9, refused when the settings differ, gated by its verdict."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from holdfast.errors import UsageError
from holdfast.trainers.run.run_dir import open_run
from holdfast.trainers.settings.compose import compose

TASKS = ("tiny_reverse", "tiny_upper", "tiny_sort")


def train(*words: str, cache: Path, check: int | None = 0) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        command(*words), env=environment(cache), capture_output=True, text=True, timeout=300, check=False
    )
    assert check is None or done.returncode == check, done.stderr[-3000:]
    return done


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "holdfast", "train", *words]


def environment(cache: Path) -> dict[str, str]:
    return {**os.environ, "HOLDFAST_CACHE": str(cache), "OMP_NUM_THREADS": "1"}


def journal_keys(cache: Path) -> list[str]:
    """Every completion that was generated, by its key; one generated twice would appear twice."""
    lines = (line for file in cache.glob("completions/*/*.jsonl") for line in file.read_text().splitlines())
    return [str(file_key) for line in lines for file_key in json.loads(line)]


@pytest.mark.slow
def test_a_kill_in_the_measurement_after_repeats_nothing(untrained: Path, tmp_path: Path) -> None:
    out, cache = tmp_path / "run", tmp_path / "cache"
    words = [
        f"model={untrained}",
        "model.batch_size=2",
        f"suite=[{','.join(TASKS)}]",
        "trainer.args.max_steps=5",
        "trainer.args.learning_rate=0.01",
        f"out={out}",
        "target=[tiny_sort]",
    ]
    child = subprocess.Popen(
        command(*words), env=environment(cache), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 300
    while len(list((out / "after" / "samples").glob("*.jsonl"))) < 1 and time.monotonic() < deadline:
        assert child.poll() is None, "the run ended before it could be killed"
        time.sleep(0.005)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert not (out / "after" / "results.json").exists()
    trained = (out / "training.json").read_bytes()
    weights = (out / "checkpoint" / "model.safetensors").stat().st_mtime_ns
    known = journal_keys(cache)
    assert known

    done = train(*words, "--json", cache=cache)

    record = json.loads(done.stdout)
    assert record["out"] == str(out)
    assert {b["task"]: b["n"] for b in record["comparison"]["benchmarks"]} == dict.fromkeys(TASKS, 200)
    assert (out / "training.json").read_bytes() == trained
    assert (out / "checkpoint" / "model.safetensors").stat().st_mtime_ns == weights
    per_file = [
        [key for line in file.read_text().splitlines() for key in json.loads(line)]
        for file in cache.glob("completions/*/*.jsonl")
    ]
    assert all(len(keys) == len(set(keys)) for keys in per_file)
    assert sum(map(len, per_file)) == 2 * len(TASKS) * 200

    with pytest.raises(UsageError, match=r"trainer.args.learning_rate=0.01, not 0.02"):
        open_run(compose([word.replace("=0.01", "=0.02") for word in words]))


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["trainer.args.learnin_rate=1"], 64, "did you mean 'learning_rate'"),
        (["trainer=grpo", "data=nowhere.jsonl", "reward=exact_match"], 65, "no file nowhere.jsonl"),
        (["trainer=grpo", "reward=exact_mach"], 64, "did you mean 'exact_match'"),
        (["suite=tinny"], 64, "did you mean 'tiny'"),
        (["target=[tiny_sor]"], 64, "did you mean 'tiny_sort'"),
        (["model=/nowhere/at/all"], 65, "no model directory /nowhere/at/all"),
        (["--multi"], 64, "unknown flag"),
    ],
)
def test_mistakes_are_one_line_and_leave_nothing(
    words: list[str],
    code: int,
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from holdfast.cli import main

    monkeypatch.chdir(tmp_path)
    assert main(["train", "limit=2", "trainer.args.max_steps=1", *words]) == code
    said = capsys.readouterr().err.strip().splitlines()
    assert says in said[-1]
    assert not list(tmp_path.glob("runs/*/checkpoint"))
