"""The callback's verdict is about the model that trains now, and no failure of ours costs the user a model."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from helpers.trl_scripts import SUITE, adapter, answers, evaluated, other_model, sft

from holdfast.errors import DataError, UsageError
from holdfast.runs.measurement import read_measurement
from holdfast.trainers.callback import BeforeAfter


def callback(out: Path, **more: Any) -> BeforeAfter:
    return BeforeAfter(suite=SUITE, out=out, limit=8, **more)


def test_another_models_measurement_is_never_taken(untrained: Path, tmp_path: Path) -> None:
    """A killed run leaves its measurement before; another model must not be held against it."""
    other = other_model(untrained, tmp_path / "other")
    first = callback(tmp_path / "run")
    trainer = sft(untrained, untrained, tmp_path / "trl", first)
    first._finish = lambda *_: None  # type: ignore[method-assign]  # killed before the end
    trainer.train()
    assert answers(tmp_path / "run" / "before") == evaluated(untrained, tmp_path / "alone")
    with pytest.raises(DataError, match="other weights"):
        sft(other, untrained, tmp_path / "trl", callback(tmp_path / "run")).train()
    with pytest.raises(UsageError, match="other training rows"):
        sft(untrained, untrained, tmp_path / "trl", callback(tmp_path / "run"), rows=32).train()
    with pytest.raises(UsageError, match=r"learning_rate=0\.01, not 0\.02"):
        sft(untrained, untrained, tmp_path / "trl", callback(tmp_path / "run"), learning_rate=2e-2).train()
    again = callback(tmp_path / "run", overwrite=True)
    sft(other, untrained, tmp_path / "trl", again).train()
    assert answers(tmp_path / "run" / "before") == evaluated(other, tmp_path / "other-alone")
    assert again.comparison is not None
    with pytest.raises(UsageError, match="finished run"):
        sft(other, untrained, tmp_path / "trl", callback(tmp_path / "run")).train()


def test_a_continued_adapter_is_measured_as_it_stands(untrained: Path, tmp_path: Path) -> None:
    from peft import AutoPeftModelForCausalLM

    path = adapter(untrained, tmp_path / "adapter")
    model = AutoPeftModelForCausalLM.from_pretrained(path, is_trainable=True, dtype="float32")
    mine = callback(tmp_path / "run")
    trainer = sft(model, untrained, tmp_path / "trl", mine)
    trainer.train()
    trainer.save_model(str(tmp_path / "saved"))
    assert mine.comparison is not None
    before = answers(tmp_path / "run" / "before")
    assert before == evaluated(path, tmp_path / "alone")
    assert before != evaluated(untrained, tmp_path / "base"), "not the base without its adapter"
    assert answers(tmp_path / "run" / "after") == evaluated(tmp_path / "saved", tmp_path / "saved-alone")


def test_a_fresh_adapters_before_is_its_bases_and_shared(untrained: Path, tmp_path: Path) -> None:
    from peft import LoraConfig

    keys = set()
    for seed in (0, 1):
        mine = callback(tmp_path / f"run{seed}", cache=tmp_path / "cache")
        peft = LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM")
        sft(untrained, untrained, tmp_path / "trl", mine, peft, seed=seed).train()
        keys.add(json.loads((tmp_path / f"run{seed}" / "before" / "state.json").read_text())["engine"])
    assert len(keys) == 1
    assert answers(tmp_path / "run1" / "before") == evaluated(untrained, tmp_path / "alone")


def test_mixed_precision_is_not_measured(untrained: Path, tmp_path: Path) -> None:
    mine = callback(tmp_path / "run")
    trainer = sft(untrained, untrained, tmp_path / "trl", mine, bf16=True)
    trainer.train()
    trainer.save_model(str(tmp_path / "saved"))
    for part, model in (("before", untrained), ("after", tmp_path / "saved")):
        measured = read_measurement(tmp_path / "run" / part)
        assert measured.model["dtype"] == "float32"
        assert answers(tmp_path / "run" / part) == evaluated(model, tmp_path / f"{part}-alone")


def test_a_failed_measurement_leaves_the_model_and_a_command(
    untrained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from holdfast.benchmarks.engine import measuring
    from holdfast.cli import main

    honest = measuring.measure

    def failing(model: Any, suite: Any, out: Path, **more: Any) -> Any:
        if out.name == "after":
            raise RuntimeError("the judge is gone")
        return honest(model, suite, out, **more)

    monkeypatch.setattr(measuring, "measure", failing)
    mine = callback(tmp_path / "run", target=["tiny_upper"])
    trainer = sft(untrained, untrained, tmp_path / "trl", mine)
    trainer.train()
    trainer.save_model(str(tmp_path / "trl"))
    assert mine.comparison is None
    assert "the judge is gone" in caplog.text
    outcome = json.loads((tmp_path / "run" / "outcome.json").read_text())
    assert outcome["repeat"][0] in caplog.text
    monkeypatch.setattr(measuring, "measure", honest)
    for line in outcome["repeat"]:
        program, *words = shlex.split(line)
        assert program == "holdfast"
        assert main(words) in (0, 1, 2)
    assert (tmp_path / "run" / "report.html").is_file()


def test_a_resumed_training_keeps_the_measurement_it_began_with(untrained: Path, tmp_path: Path) -> None:
    mine = callback(tmp_path / "run")
    mine._finish = lambda *_: None  # type: ignore[method-assign]  # killed before the end
    sft(untrained, untrained, tmp_path / "trl", mine, save_steps=2).train()
    checkpoint = str(tmp_path / "trl" / "checkpoint-2")
    resumed = callback(tmp_path / "run")
    sft(untrained, untrained, tmp_path / "trl", resumed, save_steps=2).train(resume_from_checkpoint=checkpoint)
    assert resumed.comparison is not None
    assert answers(tmp_path / "run" / "before") == evaluated(untrained, tmp_path / "alone")

    state = tmp_path / "run" / "before" / "state.json"
    state.write_text(json.dumps(json.loads(state.read_text()) | {"engine": "another"}))
    with pytest.raises(DataError, match="did not begin with the model"):
        sft(untrained, untrained, tmp_path / "trl", callback(tmp_path / "run"), save_steps=2).train(
            resume_from_checkpoint=checkpoint
        )
