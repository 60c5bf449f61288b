"""After real trainings of the embedded model the texts with drafts are the texts without."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.paths import shared

from holdfast.benchmarks.engine.backends.models import LoadedModel, load
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.tiny.tasks import TASKS
from holdfast.trainers.job.training import train
from holdfast.trainers.run.run_dir import open_run
from holdfast.trainers.settings.compose import compose

SKILLS = [task.name for task in TASKS if task.kind == "generate"]
RUNS = {
    "sft": ["experiment=tiny_sft"],
    "lora": ["experiment=tiny_sft", "lora.r=8", "trainer.args.learning_rate=5.0e-3"],
    "dpo": ["experiment=tiny_dpo"],
    "grpo": ["experiment=tiny_grpo"],
}


def _trained(words: list[str], out: Path) -> LoadedModel:
    config = compose([*words, f"out={out}", "card=false", "trainer.args.max_steps=20"])
    open_run(config)
    train(config, out)
    checkpoint = str(out / "checkpoint")
    if (out / "checkpoint" / "adapter_config.json").is_file():
        return load("tiny", dtype="float32", peft=checkpoint)
    return load(checkpoint, dtype="float32")


def _texts(found: Any) -> dict[Any, tuple[Any, ...]]:
    return {r.key: (r.completion, r.tokens, r.finish_reason, r.score) for t in found.tasks for r in found.rows(t)}


@pytest.mark.slow
@pytest.mark.parametrize("run", RUNS)
def test_drafts_change_no_text_at_any_batch_size(run: str, tmp_path: Path) -> None:
    data = shared("gsm8k", "test.jsonl").parent.parent
    shared("ifeval", "input_data.jsonl")
    suite = [*SKILLS, {"task": "gsm8k", "max_tokens": 32}, {"task": "ifeval", "max_tokens": 32}]
    base, model = load("tiny", dtype="float32"), _trained(RUNS[run], tmp_path / "run")
    for batch, limit in ((32, 16), (8, 16), (1, 3)):
        out, how = tmp_path / str(batch), Settings(progress=False, limit=limit, batch_size=batch)
        measure(base, suite, out / "before", settings=how, data_root=data)
        plain = measure(model, suite, out / "plain", settings=replace(how, draft="off"), data_root=data)
        drafted = measure(model, suite, out / "drafted", settings=how, drafts=out / "before", data_root=data)
        assert _texts(drafted) == _texts(plain), batch
        tally = json.loads((out / "drafted" / "drafts.json").read_text())
        assert tally["exact"] and tally["accepted"] > 0
