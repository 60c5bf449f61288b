"""The callback in two processes, where measuring fails in one of them: none waits, and no model is lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from holdfast.trainers.run.accelerate_config import config_file

pytestmark = pytest.mark.slow

SCRIPT = """
import sys
from pathlib import Path

import torch
from helpers.trl_scripts import SUITE, sft
from holdfast.benchmarks.engine import measuring
from holdfast.process.distributed import rank
from holdfast.trainers.callback import BeforeAfter

if __name__ == "__main__":
    torch.set_num_threads(1)
    model, out, part, failing = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    honest = measuring._measure_task

    def fails(*given, **named):
        if rank() == failing and any(part in str(one) for one in (*given, *named.values())):
            raise RuntimeError("the judge is gone")
        return honest(*given, **named)

    measuring._measure_task = fails
    trainer = sft(model, model, out / "trl", BeforeAfter(suite=SUITE, out=out / "run", limit=4), max_steps=2)
    trainer.train()
    trainer.save_model(str(out / "saved"))
    print(f"process {rank()} is through")
"""


def launched(tmp_path: Path, model: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    (tmp_path / "script.py").write_text(SCRIPT)
    start = ["-m", "accelerate.commands.launch", "--config_file", str(config_file("cpu")), str(tmp_path / "script.py")]
    path = f"{Path(__file__).parents[1]}:{os.environ.get('PYTHONPATH', '')}"
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": path}
    command = [sys.executable, *start, str(model), str(tmp_path), *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=400, check=False)


@pytest.mark.parametrize("failing", ["0", "1"])
def test_a_failure_after_the_training_keeps_the_model(failing: str, untrained: Path, tmp_path: Path) -> None:
    done = launched(tmp_path, untrained, str(Path("run") / "after"), failing)
    assert done.returncode == 0, done.stderr[-4000:]
    assert sorted(line for line in done.stdout.splitlines() if line.startswith("process ")) == [
        "process 0 is through",
        "process 1 is through",
    ]
    assert (tmp_path / "saved" / "model.safetensors").is_file()
    outcome = json.loads((tmp_path / "run" / "outcome.json").read_text())
    assert outcome["status"] == "failed" and "the judge is gone" in outcome["error"]
    assert outcome["repeat"][0] in done.stderr


@pytest.mark.parametrize("failing", ["0", "1"])
def test_a_failure_before_it_ends_both(failing: str, untrained: Path, tmp_path: Path) -> None:
    done = launched(tmp_path, untrained, str(Path("run") / "before"), failing)
    assert done.returncode != 0
    assert "the judge is gone" in done.stderr
    assert "is through" not in done.stdout
    assert not (tmp_path / "trl" / "checkpoint-2").exists()
