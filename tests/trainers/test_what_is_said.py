"""What a training says: one line of progress, no notice of a library's, a short end; and its findings in sentences."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from helpers.trl_scripts import sft

from holdfast.trainers.run import validation
from holdfast.trainers.run.learned_ends import unlearned_end
from holdfast.trainers.run.rewarded import reward_findings


@pytest.mark.slow
def test_a_log_file_holds_no_bars_no_notices_and_a_short_end(untrained: Path, tmp_path: Path) -> None:
    words = [f"model={untrained}", "suite=[tiny_sort,tiny_upper]", "limit=4", "data.limit=40", "data.validation=20%"]
    args = ["max_steps=4", "logging_steps=1", "per_device_train_batch_size=4"]
    command = [sys.executable, "-m", "holdfast", "train", *words, *(f"trainer.args.{arg}" for arg in args)]
    command += [f"out={tmp_path / 'run'}", "early_stopping=3", "target=tiny_sort"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HOLDFAST_CACHE": str(tmp_path / "cache")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=True)
    said = done.stderr
    for noise in ("Warning", "warn", "\r", "it/s]", "examples/s", "{'loss'", "deprecated", "\x1b["):
        assert noise not in said, said
    lines = said.splitlines()
    assert any(line.startswith("train ") and "4/4" in line and "loss" in line for line in lines), said
    assert len(lines) <= 20, said
    assert len(done.stdout.splitlines()) <= 25, done.stdout
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert set(manifest["validation"]) == {"first", "best", "last"}
    assert "eval_loss" in (tmp_path / "run" / "training.json").read_text()


def test_the_best_checkpoint_is_the_result_when_the_loss_rises(untrained: Path, tmp_path: Path) -> None:
    """Held out are answers that contradict the training rows: their loss rises from the first step on."""
    from holdfast.trainers.job.training import train
    from holdfast.trainers.run.run_dir import open_run
    from holdfast.trainers.settings.compose import compose

    rows, held = tmp_path / "rows.jsonl", tmp_path / "held.jsonl"
    rows.write_text("".join(json.dumps({"prompt": f"{n}?", "completion": "a" * 8}) + "\n" for n in range(40)))
    held.write_text("".join(json.dumps({"prompt": f"{n}?", "completion": "z" * 8}) + "\n" for n in range(8)))
    args = ["max_steps=40", "per_device_train_batch_size=8", "learning_rate=0.01", "lr_scheduler_type=constant"]
    words = [f"model={untrained}", f"data={rows}", f"data.validation={held}", "early_stopping=2", "card=false"]
    config = compose([*words, *(f"trainer.args.{arg}" for arg in args), f"out={tmp_path / 'run'}"])
    facts = train(config, open_run(config))
    found = validation.course(facts["log"])
    assert found is not None
    assert facts["steps"] < 40, "ended early"
    assert found["best"]["step"] < found["last"]["step"]
    best = tmp_path / "run" / "training" / f"checkpoint-{found['best']['step']}" / "model.safetensors"
    assert best.read_bytes() == (tmp_path / "run" / "checkpoint" / "model.safetensors").read_bytes()
    (sentence,) = validation.findings(facts["log"], best_kept=True)
    assert "the checkpoint of the lowest is the result" in sentence


@pytest.mark.parametrize(
    ("losses", "said"),
    [([], False), ([1.0], False), ([1.0, 0.5, 0.505], False), ([1.0, 0.5, 0.6], True), ([2.0, 1.0, 0.9], False)],
)
def test_when_a_validation_is_worth_a_sentence(losses: list[float], said: bool) -> None:
    log = [{"step": n, "eval_loss": loss} for n, loss in enumerate(losses, 1)]
    assert bool(validation.findings(log, best_kept=False)) is said


def compared(difference: float, high: float) -> Any:
    interval = SimpleNamespace(high=high)
    return SimpleNamespace(targets=[SimpleNamespace(task="mine", difference=difference, interval=interval)])


@pytest.mark.parametrize(
    ("rewards", "difference", "high", "said"),
    [
        ([n / 20 for n in range(20)], -0.2, -0.1, True),
        ([n / 20 for n in range(20)], -0.2, 0.05, False),
        ([n / 20 for n in range(20)], 0.2, 0.3, False),
        ([1 - n / 20 for n in range(20)], -0.2, -0.1, False),
        ([0.1, 0.9], -0.2, -0.1, False),
    ],
)
def test_a_reward_that_pays_for_something_else(
    rewards: list[float], difference: float, high: float, said: bool
) -> None:
    log = [{"reward": reward} for reward in rewards] + [{"train_loss": 1.0}, {"reward": None}]
    found = reward_findings(log, compared(difference, high))
    assert bool(found) is said
    assert all("while mine fell by 20.0 points" in text for text in found)


def test_an_end_that_the_collator_hides_is_found(untrained: Path, tmp_path: Path) -> None:
    from datasets import Dataset
    from torch.utils.data import DataLoader
    from transformers import AutoTokenizer, DataCollatorForLanguageModeling

    tokenizer = AutoTokenizer.from_pretrained(untrained)
    end = tokenizer.eos_token_id
    rows: Any = Dataset.from_list([{"input_ids": [97 + n, 98, end]} for n in range(3)])

    def batches() -> Any:
        return DataLoader(rows, collate_fn=DataCollatorForLanguageModeling(tokenizer, mlm=False))

    assert unlearned_end(batches(), {end}) == ""
    tokenizer.pad_token = tokenizer.eos_token
    assert "will not learn to stop" in unlearned_end(batches(), {end})
    trainer = sft(untrained, untrained, tmp_path / "trl", None)
    assert unlearned_end(trainer.get_train_dataloader(), {end}) == "", "TRL's own collator pads by length"
