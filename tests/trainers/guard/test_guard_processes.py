"""The guard in a training of two processes: the first one looks, both stop, both hold the restored weights."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_two_processes_stop_together_and_go_back(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    from holdfast.benchmarks.tiny import model_path

    words = [
        *("experiment=tiny_sft", "suite=[tiny_subtraction,tiny_addition,tiny_upper]", "trainer.args.max_steps=20"),
        *("guard.every=10", "guard.policy=rollback", "model.threads=1", f"out={tmp_path / 'run'}"),
    ]
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2", "-m", "holdfast", "train"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*command, *words], env=environment, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    record = json.loads((tmp_path / "run" / "guard" / "guard.json").read_text())
    assert record["acted"]["broken"] == ["tiny_addition"]
    assert json.loads((tmp_path / "run" / "training.json").read_text())["steps"] == record["acted"]["step"] < 20
    assert record["acted"]["restored_step"] == 0
    saved = load_file(tmp_path / "run" / "checkpoint" / "model.safetensors")
    for name, start in load_file(model_path() / "model.safetensors").items():
        assert torch.equal(saved[name].float(), start.float()), name
