"""The same seed gives the same training as a plain TRL script: loss by loss, and weight by weight."""

import json
from pathlib import Path
from typing import Any

import pytest

STEPS = 4
SHORT: dict[str, Any] = {"maximum": 12, "buffer": 10, "unit": "characters"}
"""A reward that varies on the random bytes of an untrained model."""
ARGS: dict[str, dict[str, Any]] = {
    "sft": {"learning_rate": 1e-2, "max_length": 64},
    "dpo": {"learning_rate": 1e-2, "beta": 0.1, "max_length": 64},
    "grpo": {"learning_rate": 1e-2, "num_generations": 4, "max_completion_length": 8, "beta": 0.02},
}
COMMON: dict[str, Any] = {
    "max_steps": STEPS,
    "logging_steps": 1,
    "per_device_train_batch_size": 8,
    "gradient_checkpointing": False,
}


def shaped(trainer: str, number: int) -> dict[str, Any]:
    """A row as the user's file has it."""
    prompt = f"Add {number} and 7."
    if trainer == "dpo":
        return {"prompt": prompt, "chosen": str(number + 7), "rejected": f"It is {number}, I think."}
    return {"prompt": prompt, "completion": str(number + 7), "reference": "1"}


def conversational(row: dict[str, Any]) -> dict[str, Any]:
    """The same row as the plain script hands it to TRL."""
    said = {"prompt": "user", "completion": "assistant", "chosen": "assistant", "rejected": "assistant"}
    return {key: [{"role": said[key], "content": text}] if key in said else text for key, text in row.items()}


def plain(trainer: str, model: Path, rows: list[dict[str, Any]], out: Path) -> Any:
    """The script one would write with TRL alone."""
    import trl
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from holdfast.reward import Reward

    name = {"sft": "SFT", "dpo": "DPO", "grpo": "GRPO"}[trainer]
    rewards = {"reward_funcs": [Reward("length", **SHORT)]} if trainer == "grpo" else {}
    kept = [{key: value for key, value in row.items() if trainer != "grpo" or key != "completion"} for row in rows]
    script = getattr(trl, f"{name}Trainer")(
        model=AutoModelForCausalLM.from_pretrained(model, dtype="float32"),
        args=getattr(trl, f"{name}Config")(
            str(out), seed=3, report_to="none", use_cpu=True, bf16=False, **COMMON, **ARGS[trainer]
        ),
        train_dataset=Dataset.from_list([conversational(row) for row in kept]),
        processing_class=AutoTokenizer.from_pretrained(model),
        **rewards,
    )
    script.train()
    return script


@pytest.mark.parametrize("trainer", ARGS)
def test_losses_and_weights_are_trls(trainer: str, untrained: Path, tmp_path: Path) -> None:
    from holdfast.trainers.job.training import train
    from holdfast.trainers.run.run_dir import open_run
    from holdfast.trainers.settings.compose import compose

    rows = [shaped(trainer, number) for number in range(64)]
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    script = plain(trainer, untrained, rows, tmp_path / "plain")

    args = [f"trainer.args.{key}={value}" for key, value in (COMMON | ARGS[trainer]).items()]
    words = [f"trainer={trainer}", f"model={untrained}", f"data={file}", "data.shuffle=false", "seed=3", *args]
    reward = ["reward={reward: length, maximum: 12, buffer: 10, unit: characters}"] if trainer == "grpo" else []
    config = compose([*words, *reward, "suite=[tiny_sort]", f"out={tmp_path / 'ours'}"])
    ours = train(config, open_run(config))

    theirs = [entry["loss"] for entry in script.state.log_history if "loss" in entry]
    assert [entry["loss"] for entry in ours["log"] if "loss" in entry] == theirs
    assert len(set(theirs)) > 1, "the trajectory moves"
    script.save_model(str(tmp_path / "theirs"))
    weights = [tmp_path / part / "model.safetensors" for part in ("theirs", "ours/checkpoint")]
    assert weights[0].read_bytes() == weights[1].read_bytes()
