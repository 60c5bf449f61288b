"""Sweeps where jobs are killed, on Slurm, and with a sweeper that chooses the values itself."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from helpers import needs

QUICK = ("suite=[tiny_sort,tiny_upper]", "target=[tiny_sort]", "limit=4", "data.limit=16", "trainer.args.max_steps=1")


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "holdfast", "train", *words]


def environment(cache: Path) -> dict[str, str]:
    return {**os.environ, "HOLDFAST_CACHE": str(cache), "OMP_NUM_THREADS": "1"}


def outcome(job: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((job / "outcome.json").read_text())
    return found


def frontier(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "frontier.json").read_text())
    return found


def job_process(parent: "subprocess.Popen[bytes]", job: str) -> psutil.Process:
    """The process of one job of our sweep, once it runs."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        assert parent.poll() is None, "the sweep ended before its job could be killed"
        for child in psutil.Process(parent.pid).children(recursive=True):
            try:
                if any(f"{job}/job.json" in word for word in child.cmdline()):
                    return child
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        time.sleep(0.02)
    raise AssertionError(f"no process of {job}")


@pytest.mark.slow
def test_a_killed_job_is_missing_in_the_frontier_and_is_run_again_alone(untrained: Path, tmp_path: Path) -> None:
    out, env = tmp_path / "sw", environment(tmp_path / "cache")
    words = [f"model={untrained}", *QUICK, f"out={out}"]
    launch = ["-m", "launcher=joblib", "hydra.launcher.n_jobs=2", "seed=0,1"]
    running = subprocess.Popen(command(*launch, *words), env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    job_process(running, "seed=0").send_signal(signal.SIGKILL)
    running.communicate(timeout=300)
    assert running.returncode == 0, "the sweep completes"
    assert outcome(out / "seed=0") == outcome(out / "seed=0") | {"status": "killed", "signal": 9}
    assert outcome(out / "seed=1")["status"] == "finished"
    told = frontier(out)
    assert [point["name"] for point in told["points"]] == ["seed=1"]
    missing = told["missing"]
    assert [(job["name"], job["status"]) for job in missing] == [("seed=0", "killed")]
    assert missing[0]["rerun"] in (out / "frontier.html").read_text()
    other = (out / "seed=1" / "report.json").read_bytes()

    alone = [sys.executable, "-m", *missing[0]["rerun"].split()]
    subprocess.run(alone, env=env, check=True, timeout=300, capture_output=True)
    assert outcome(out / "seed=0")["status"] == "finished"
    assert (out / "seed=1" / "report.json").read_bytes() == other
    subprocess.run(command(*launch, *words), env=env, check=True, timeout=300, capture_output=True)
    assert frontier(out)["missing"] == []
    assert len(frontier(out)["points"]) == 2


@pytest.mark.slow
@pytest.mark.slurm
def test_a_short_sweep_on_slurm(untrained: Path, tmp_path: Path) -> None:
    needs.slurm("sinfo")
    out = tmp_path / "sw"
    words = ["-m", "launcher=slurm", "hydra.launcher.cpus_per_task=1", "hydra.launcher.timeout_min=10", "seed=0,1"]
    env = environment(tmp_path / "cache")
    done = subprocess.run(
        command(*words, f"model={untrained}", *QUICK, f"out={out}", "--json"),
        env=env,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    jobs = json.loads(done.stdout)["jobs"]
    assert {name: job["status"] for name, job in jobs.items()} == {"seed=0": "finished", "seed=1": "finished"}
    assert len(frontier(out)["points"]) == 2
    assert len(list((out / ".submitit").glob("*_[01]"))) == 2, "submitted as one array of two"


@pytest.mark.slow
def test_optuna_chooses_values_and_a_failed_job_counts_as_the_worst(untrained: Path, tmp_path: Path) -> None:
    out = tmp_path / "sw"
    chosen = "data.replay.ratio=choice(7,0)"
    words = ["-m", "sweeper=optuna", "hydra.sweeper.n_trials=3", "hydra.sweeper.n_jobs=1", chosen]
    subprocess.run(
        command(*words, f"model={untrained}", *QUICK, f"out={out}"),
        env=environment(tmp_path / "cache"),
        check=True,
        timeout=400,
        capture_output=True,
    )
    import yaml

    tried = {job.parent.name: outcome(job.parent)["status"] for job in out.glob("*/outcome.json")}
    assert tried.items() <= {"data.replay.ratio=7": "failed", "data.replay.ratio=0": "finished"}.items()
    best = yaml.safe_load((out / "optimization_results.yaml").read_text())["solutions"]
    if "data.replay.ratio=0" in tried:
        assert all(value > -100 for solution in best for value in solution["values"])


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_the_replay_curve_comes_out_of_one_command(tmp_path: Path) -> None:
    """Five ratios, two seeds: the more replay, the less is forgotten, and the curve has its intervals."""
    out = tmp_path / "sw"
    words = [
        *("-m", "launcher=joblib", "hydra.launcher.n_jobs=2", "experiment=tiny_sft", "trainer.args.max_steps=60"),
        *("data.replay.ratio=0,0.1,0.2,0.3,0.5", "seed=0,1", "limit=100"),
        *("suite=[tiny_subtraction,tiny_upper,tiny_repeat]", f"out={out}"),
    ]
    subprocess.run(command(*words), env=environment(tmp_path / "cache"), check=True, timeout=2300, capture_output=True)
    told = frontier(out)
    assert len(told["points"]) == 10
    assert told["missing"] == []
    stops = told["curves"]["data.replay.ratio"]
    assert [stop["value"] for stop in stops] == [0, 0.1, 0.2, 0.3, 0.5]
    assert all(stop["trainings"] == 2 for stop in stops)
    for stop in stops:
        for key in ("gain", "held_mean", "held_worst"):
            low, high = stop[key]["interval"]
            assert low < stop[key]["mean"] < high
    assert stops[0]["held_worst"]["interval"][1] < stops[-1]["held_worst"]["mean"], "forgetting, and its cure"
    assert "Against data.replay.ratio" in (out / "frontier.html").read_text()
