"""Real rows run through: SFT on GSM8K, DPO and KTO on recorded preferences, GRPO with `math` on GSM8K's prompts."""

from pathlib import Path
from typing import Any

import pytest
from helpers.paths import SHARED_DATA, shared

from holdfast.trainers.job.before_after import before_after
from holdfast.trainers.settings.compose import compose

QUICK = ("model=tiny", "suite=[tiny_upper]", "limit=20", "trainer.args.max_steps=3", "trainer.args.logging_steps=1")
SMALL = ("trainer.args.per_device_train_batch_size=2", "trainer.args.max_length=512", "data.max_cut=1")
"""The embedded model reads bytes, 512 at most: most of these rows are cut, which is refused unless it is agreed to."""


def trained(out: Path, *words: str) -> Any:
    result = before_after(compose([*QUICK, *words, f"data_root={SHARED_DATA}", f"out={out}"]))
    assert result.training["steps"] == 3
    assert result.comparison is not None and result.comparison.benchmark("tiny_upper").n == 20
    return [entry for entry in result.training["log"] if "loss" in entry]


@pytest.mark.slow
def test_sft_on_gsm8k(tmp_path: Path) -> None:
    shared("gsm8k", "train.jsonl")
    losses = [entry["loss"] for entry in trained(tmp_path / "run", "trainer=sft", "data=gsm8k", *SMALL)]
    assert len(losses) == 3 and all(0 < loss < 50 for loss in losses)


@pytest.mark.slow
def test_dpo_on_recorded_preferences(tmp_path: Path) -> None:
    file = shared("sft_dpo", "dpo_en_demo.json.gz")
    words = ("trainer=dpo", f"data={file}", "data.columns.prompt=conversations", "data.limit=40", *SMALL)
    log = trained(tmp_path / "run", *words)
    assert log[0]["loss"] == pytest.approx(0.693, abs=0.01), "the model starts as its own reference"
    assert {"rewards/chosen", "rewards/rejected", "rewards/margins"} <= log[0].keys()


@pytest.mark.slow
def test_kto_on_recorded_marks(tmp_path: Path) -> None:
    file = shared("sft_dpo", "kto_en_demo.json")
    log = trained(tmp_path / "run", "trainer=kto", f"data={file}", "data.limit=40", *SMALL)
    assert len(log) == 3


@pytest.mark.slow
def test_grpo_with_the_math_reward_on_gsm8k_logs_every_completion_with_its_reason(tmp_path: Path) -> None:
    import pyarrow.parquet

    shared("gsm8k", "train.jsonl")
    groups = ("trainer.args.per_device_train_batch_size=4", "trainer.args.num_generations=4")
    words = ("trainer=grpo", "data=gsm8k", "reward=math", *groups, "trainer.args.max_completion_length=24")
    log = trained(tmp_path / "run", *words)
    assert all(entry["math/unjudged"] == 0 for entry in log), "GSM8K's references are readable"
    files = sorted((tmp_path / "run" / "training" / "completions").glob("*.parquet"))
    assert len(files) == 3
    rows = pyarrow.parquet.read_table(files[0]).to_pylist()
    assert len(rows) == 4
    for row in rows:
        assert row["math"] in (0.0, 1.0)
        assert row["math/reason"]
        assert row["prompt"] and "advantage" in row
