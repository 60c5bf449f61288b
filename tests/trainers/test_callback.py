"""The callback in a script of the user's own: the same report, and the base model's own numbers under LoRA."""

import json
from pathlib import Path
from typing import Any

import pytest


def script(model: Path, out: Path, callback: Any, peft_config: Any = None) -> None:
    """A plain TRL script, as a user writes it."""
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    rows = [{"prompt": f"Say {n}. ", "completion": str(n)} for n in range(64)]
    SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(model),
        args=SFTConfig(str(out / "trl"), max_steps=6, learning_rate=1e-2, use_cpu=True, bf16=False, report_to="none"),
        train_dataset=Dataset.from_list(rows),
        processing_class=AutoTokenizer.from_pretrained(model),
        callbacks=[callback],
        peft_config=peft_config,
    ).train()


def completions(directory: Path, task: str) -> list[tuple[str, Any]]:
    from holdfast.runs.measurement import read_measurement

    return [(row.doc_hash, row.completion) for row in read_measurement(directory).rows(task)]


@pytest.mark.parametrize("adapter", [False, True], ids=["full", "lora"])
def test_measures_before_and_after_and_reports(untrained: Path, tmp_path: Path, adapter: bool) -> None:
    from holdfast.benchmarks.engine.backends.models import load
    from holdfast.benchmarks.engine.measuring import measure
    from holdfast.benchmarks.engine.settings import Settings
    from holdfast.trainers.callback import BeforeAfter
    from holdfast.trainers.models.adapters import lora
    from holdfast.trainers.settings.config import LoraConfig

    suite = ["tiny_repeat", "tiny_upper"]
    callback = BeforeAfter(suite=suite, out=tmp_path / "run", target=["tiny_upper"], limit=20)
    script(untrained, tmp_path, callback, lora(LoraConfig(r=8)) if adapter else None)

    assert callback.comparison is not None
    assert callback.comparison.target == ("tiny_upper",)
    assert {b.task: b.n for b in callback.comparison.benchmarks} == {"tiny_repeat": 20, "tiny_upper": 20}
    for name in ("report.json", "report.md", "report.html", "training.json"):
        assert (tmp_path / "run" / name).stat().st_size > 0
    alone = tmp_path / "alone"
    measure(load(str(untrained), dtype="float32"), suite, alone, settings=Settings(limit=20))
    for task in suite:
        assert completions(tmp_path / "run" / "before", task) == completions(alone, task)
    assert completions(tmp_path / "run" / "after", "tiny_upper") != completions(alone, "tiny_upper")
    drafted = json.loads((tmp_path / "run" / "after" / "drafts.json").read_text())
    assert drafted["exact"] and drafted["verified"] > 0, "the answers before were tried as drafts"


def test_unknown_target_names_the_nearest() -> None:
    from holdfast.errors import UsageError
    from holdfast.trainers.callback import BeforeAfter

    with pytest.raises(UsageError, match="tiny_upper"):
        BeforeAfter(suite="tiny", out="unused", target=["tiny_uper"])


def test_rows_that_change_between_epochs_are_told(caplog: pytest.LogCaptureFixture) -> None:
    import random

    from datasets import Dataset

    from holdfast.trainers.run.callback_run import rows_hash

    rows = Dataset.from_list([{"text": f"row {n}"} for n in range(300)])
    assert rows_hash(rows) == rows_hash(rows) != rows_hash(rows.select(range(299)))
    assert caplog.text == ""
    rows.set_transform(lambda batch: {"text": [f"{text} {random.random()}" for text in batch["text"]]})
    assert rows_hash(rows) == rows_hash(rows) != rows_hash(rows.select(range(299)))
    assert "change each time they are read" in caplog.text
