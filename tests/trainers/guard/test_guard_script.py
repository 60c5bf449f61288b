"""The guard in a script of the user's own, three lines more than plain TRL: it sees, and it changes nothing."""

import json
from pathlib import Path
from typing import Any

import pytest


def sft(args: dict[str, Any], **more: Any) -> Any:
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    rows = [{"prompt": f"Say {n}. ", "completion": str(n)} for n in range(32)]
    return SFTTrainer(args=SFTConfig(**args), train_dataset=Dataset.from_list(rows), **more)


def lora(args: dict[str, Any], **more: Any) -> Any:
    from peft import LoraConfig

    return sft(args, peft_config=LoraConfig(r=8, target_modules="all-linear"), **more)


def dpo(args: dict[str, Any], **more: Any) -> Any:
    from datasets import Dataset
    from trl import DPOConfig, DPOTrainer

    rows = [{"prompt": f"Say {n}. ", "chosen": str(n), "rejected": "no"} for n in range(32)]
    return DPOTrainer(args=DPOConfig(**args), train_dataset=Dataset.from_list(rows), **more)


def grpo(args: dict[str, Any], **more: Any) -> Any:
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    rows = [{"prompt": f"Sort {n} {n + 2} 1 "} for n in range(32)]
    settings = GRPOConfig(**args, num_generations=4, max_completion_length=8)

    def long(completions: list[str], **_: Any) -> list[float]:
        return [float(len(text)) for text in completions]

    return GRPOTrainer(args=settings, train_dataset=Dataset.from_list(rows), reward_funcs=long, **more)


def run(make: Any, out: Path, callbacks: list[Any]) -> list[tuple[int, float]]:
    """Train six steps as a user does; the losses."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from holdfast.benchmarks.tiny import model_path

    torch.set_num_threads(1)
    shared = {"use_cpu": True, "bf16": False, "report_to": "none", "logging_steps": 1, "save_strategy": "no"}
    args = {"output_dir": str(out), "max_steps": 6, "learning_rate": 1e-3, "per_device_train_batch_size": 8, **shared}
    trainer = make(
        args,
        model=AutoModelForCausalLM.from_pretrained(model_path(), dtype="float32"),
        processing_class=AutoTokenizer.from_pretrained(model_path()),
        callbacks=callbacks,
    )
    trainer.train()
    assert trainer.model.training
    return [(entry["step"], entry["loss"]) for entry in trainer.state.log_history if "loss" in entry]


SLOW = [pytest.param(make, marks=pytest.mark.slow, id=make.__name__) for make in (lora, dpo)]


@pytest.mark.parametrize("make", [pytest.param(sft, id="sft"), pytest.param(grpo, id="grpo"), *SLOW])
def test_three_lines_in_a_plain_trl_script(make: Any, tmp_path: Path) -> None:
    from holdfast.trainers.guard.guard import Guard

    tasks = ["tiny_upper", "tiny_capitals"]
    guard = Guard(suite="tiny", tasks=tasks, every=2, policy="warn", limit=8, pool=24, batch_size=8)
    guarded = run(make, tmp_path / "guarded", [guard])
    assert guarded == run(make, tmp_path / "plain", []), "the guard disturbed the training it watched"
    assert len(guarded) == 6
    record = json.loads((tmp_path / "guarded" / "guard" / "guard.json").read_text())
    assert [look["step"] for look in record["looks"] if look["why"] == "schedule"] == [2, 4, 6]
    for look in record["looks"]:
        assert set(look["skills"]) == set(tasks)
        assert all(seen["items"] >= 2 for seen in look["skills"].values())
    assert record["seconds"] >= record["start_seconds"] > 0
    assert record["looks"][0]["skills"]["tiny_upper"]["before"] > 80


def test_a_model_sharded_over_processes_is_refused() -> None:
    import torch

    from holdfast.errors import UsageError
    from holdfast.trainers.guard.sync import refuse_shards

    model = torch.nn.Linear(2, 2)
    refuse_shards(model)
    model.weight.ds_id = 1  # as DeepSpeed's ZeRO-3 marks its parameters
    with pytest.raises(UsageError, match="holdfast eval"):
        refuse_shards(model)
