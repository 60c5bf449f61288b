"""Callback × trainer × full, LoRA, continued adapter × fresh, resumed × one process, two: the losses are plain TRL's,
"before" is `eval` of the model that begins, "after" is `eval` of the one that is saved."""

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import matrix
from helpers.matrix import KINDS, LIMIT, STARTS, STEPS, TRAINERS, Places
from helpers.trl_scripts import adapter, answers, evaluated, other_model

from holdfast.trainers.run.accelerate_config import config_file

Cell = tuple[str, str, str]
CELLS: list[Cell] = list(itertools.product(TRAINERS, KINDS, STARTS))
QUICK: list[Cell] = [
    ("sft", "lora", "fresh"),
    ("dpo", "adapter", "resumed"),
    ("kto", "full", "fresh"),
    ("grpo", "lora", "resumed"),
    ("rloo", "adapter", "fresh"),
    ("distill", "full", "resumed"),
    ("orpo", "lora", "fresh"),
]
"""Every trainer, kind and start at least once."""


@pytest.fixture(scope="module")
def places(untrained: Path, tmp_path_factory: pytest.TempPathFactory) -> Places:
    folder = tmp_path_factory.mktemp("models")
    return Places(untrained, other_model(untrained, folder / "teacher"), adapter(untrained, folder / "adapter"))


@pytest.fixture(scope="module")
def alone(places: Places, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What `holdfast eval` finds of the models that trainings begin with."""
    out = tmp_path_factory.mktemp("alone")
    return {kind: evaluated(places.start(kind), out / kind, LIMIT) for kind in ("full", "adapter")}


def check(cell: Cell, places: Places, alone: dict[str, object], folder: Path) -> None:
    plain, called = json.loads((folder / "losses.json").read_text())
    assert len(plain) == STEPS
    assert called == plain, "the callback changes no loss"
    assert len(set(plain)) > 1, "something is learned"
    assert answers(folder / "measured" / "before") == alone["adapter" if cell[1] == "adapter" else "full"]
    after = answers(folder / "measured" / "after")
    assert after == evaluated(folder / "called" / "saved", folder / "saved-alone", LIMIT)


@pytest.mark.parametrize("cell", QUICK, ids="-".join)
def test_a_cell_of_each_kind(cell: Cell, places: Places, alone: dict[str, object], tmp_path: Path) -> None:
    matrix.run([cell], places, tmp_path)
    check(cell, places, alone, tmp_path / "-".join(cell))


@pytest.mark.slow
@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell not in QUICK], ids="-".join)
def test_one_process(cell: Cell, places: Places, alone: dict[str, object], tmp_path: Path) -> None:
    matrix.run([cell], places, tmp_path)
    check(cell, places, alone, tmp_path / "-".join(cell))


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("trainer", TRAINERS)
def test_two_processes(trainer: str, places: Places, alone: dict[str, object], tmp_path: Path) -> None:
    cells = [cell for cell in CELLS if cell[0] == trainer]
    given = [places.model, places.teacher, places.adapter, tmp_path, *(":".join(cell) for cell in cells)]
    start = ["-m", "accelerate.commands.launch", "--config_file", str(config_file("cpu")), "-m", "helpers.matrix"]
    tests = str(Path(__file__).parents[1])
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": f"{tests}:{os.environ.get('PYTHONPATH', '')}"}
    done = subprocess.run(
        [sys.executable, *start, *map(str, given)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    for cell in cells:
        check(cell, places, alone, tmp_path / "-".join(cell))
