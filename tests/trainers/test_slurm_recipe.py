"""The sbatch script of docs/sweeps.md, as it stands there, on a one-node Slurm with two tasks."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from helpers import needs
from helpers.paths import ROOT


@pytest.mark.slurm
@pytest.mark.slow
def test_the_documented_script_trains_as_two_tasks(untrained: Path, tmp_path: Path) -> None:
    needs.slurm("sbatch")
    page = (ROOT / "docs" / "sweeps.md").read_text()
    found = re.search(r"```bash\n(#!/bin/bash.*?)```", page, re.DOTALL)
    assert found
    script = tmp_path / "train.sbatch"
    script.write_text(found[1])
    out = tmp_path / "run"
    words = [f"model={untrained}", "suite=[tiny_sort]", "limit=5", "data.limit=16", f"out={out}"]
    words += ["trainer.args.max_steps=2", "trainer.args.per_device_train_batch_size=4", "trainer.args.logging_steps=1"]
    # One node here: two tasks on it stand for two machines.
    command = ["sbatch", "--wait", "--nodes=1", "--ntasks-per-node=2", f"--output={tmp_path}/log", str(script), *words]
    path = f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "HOLDFAST_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=500, check=False, cwd=tmp_path)
    assert done.returncode == 0, (tmp_path / "log").read_text()[-3000:]
    assert json.loads((out / "outcome.json").read_text())["status"] == "finished"
    log = json.loads((out / "training.json").read_text())["log"]
    assert [entry["epoch"] for entry in log if "loss" in entry] == [0.5, 1.0], "eight rows a step: four on each task"
