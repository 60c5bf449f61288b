"""`holdfast train model=<adapter>`: it learns on, or a new one is trained on it; before is what it says now."""

from pathlib import Path
from typing import Any

import pytest
from helpers.trl_scripts import SUITE, adapter, answers, evaluated

from holdfast.trainers.settings.compose import compose


@pytest.mark.parametrize("lora", ["", "4"], ids=["goes on", "a new one"])
def test_before_is_the_adapter_and_after_what_was_saved(untrained: Path, tmp_path: Path, lora: str) -> None:
    from holdfast.trainers.job.before_after import before_after

    path = adapter(untrained, tmp_path / "adapter")
    args: list[Any] = ["max_steps=3", "learning_rate=1e-2", "per_device_train_batch_size=4"]
    words = [f"trainer.args.{arg}" for arg in args] + ([f"lora={lora}"] if lora else [])
    out = tmp_path / "run"
    suite = f"suite=[{','.join(SUITE)}]"
    result = before_after(compose([f"model={path}", suite, "limit=8", "data.limit=12", f"out={out}", *words]))
    assert result.training["steps"] == 3
    assert answers(out / "before") == evaluated(path, tmp_path / "alone")
    assert answers(out / "before") != evaluated(untrained, tmp_path / "base")
    assert answers(out / "after") == evaluated(out / "checkpoint", tmp_path / "saved-alone")
    assert answers(out / "after") != answers(out / "before"), "it learned"
    assert (out / "checkpoint" / "adapter_config.json").is_file()
