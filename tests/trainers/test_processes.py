"""Two processes (torchrun, gloo): the training and the report of one."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def launch(processes: int, out: Path, cache: Path, untrained: Path, batch: int) -> dict[str, Any]:
    words = [
        *(f"model={untrained}", "suite=[tiny_sort,tiny_upper]", "limit=30", "data.limit=8", f"out={out}"),
        *("trainer.args.max_steps=6", "trainer.args.logging_steps=1", "trainer.args.learning_rate=0.01"),
        f"trainer.args.per_device_train_batch_size={batch}",
    ]
    # On a CPU `accelerate launch` starts several processes only through MPI; torchrun is what it uses on GPUs.
    start = ["torch.distributed.run", "--standalone", "--nproc_per_node", str(processes), "-m"]
    environment = {**os.environ, "HOLDFAST_CACHE": str(cache), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", *start, "holdfast", "train", *words, "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    line = [text for text in done.stdout.splitlines() if text.startswith("{")]
    assert len(line) == 1, "only the first process speaks"
    record: dict[str, Any] = json.loads(line[0])
    return record


@pytest.mark.slow
def test_two_processes_train_and_measure_as_one(untrained: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    one = launch(1, tmp_path / "one", cache, untrained, batch=8)
    two = launch(2, tmp_path / "two", cache, untrained, batch=4)
    losses = [
        [
            entry["loss"]
            for entry in json.loads((tmp_path / name / "training.json").read_text())["log"]
            if "loss" in entry
        ]
        for name in ("one", "two")
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)
    results = [[(b["task"], b["n"], b["before"]) for b in run["comparison"]["benchmarks"]] for run in (one, two)]
    assert results[0] == results[1]
