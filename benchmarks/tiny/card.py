"""The tiny model's card: what the weights reach on each skill's held-out rows, measured by generating.

`python -m holdfast.benchmarks.tiny.card DIR` measures a directory written by pretrain.py, writes card.json beside the
weights and copies both into the package.
"""

import argparse
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from holdfast.benchmarks.suites.source import Doc
from holdfast.benchmarks.suites.task import Task
from holdfast.benchmarks.tiny import model_path
from holdfast.benchmarks.tiny.tasks import CODE, ITEMS, SEED, TASKS
from holdfast.reward import Reward
from holdfast.sample import Sample

SHIPPED = (
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    "card.json",
)
BATCH = 100


def card() -> Mapping[str, Any]:
    """The shipped card: `parameters`, `made` (settings and seed), `rows` (per skill), `accuracy` (0–1 per task)."""
    loaded: Mapping[str, Any] = json.loads((model_path() / "card.json").read_text(encoding="utf-8"))
    return loaded


MEASURED = tuple(task for task in TASKS if task is not CODE)


def accuracies(directory: Path, tasks: Sequence[Task] = MEASURED) -> dict[str, float]:
    """Mean score of each task under greedy generation, 0–1, by the task's own reward."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(directory), padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(str(directory), dtype=torch.float32).eval()
    return {task.name: _accuracy(model, tokenizer, task) for task in tasks}


def _accuracy(model: Any, tokenizer: Any, task: Task) -> float:
    docs = list(task.source.rows()) if task.source.rows else []
    reward = Reward.from_config(task.reward)
    answers = [
        text
        for start in range(0, len(docs), BATCH)
        for text in _answers(model, tokenizer, task, docs[start : start + BATCH])
    ]
    samples = [
        Sample(text, task.reference(doc), info=task.sample_info(doc)) for text, doc in zip(answers, docs, strict=True)
    ]
    values = [score.value for score in reward.score_batch(samples)]
    return sum(value or 0.0 for value in values) / len(values)


def _answers(model: Any, tokenizer: Any, task: Task, docs: Sequence[Doc]) -> list[str]:
    chats = [task.messages(doc) for doc in docs]
    inputs = tokenizer.apply_chat_template(
        chats, add_generation_prompt=True, padding=True, return_tensors="pt", return_dict=True
    )
    generated = model.generate(**inputs, max_new_tokens=task.max_tokens, do_sample=False)
    answers: list[str] = tokenizer.batch_decode(generated[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
    return answers


def ship(directory: Path) -> None:
    """Write card.json for the weights in `directory` and copy them into the package."""
    made = json.loads((directory / "made.json").read_text(encoding="utf-8"))
    made.pop("out", None)
    record = {
        "made": made,
        "parameters": _parameters(directory),
        "rows": {"per_task": ITEMS, "seed": SEED, "split": "eval"},
        "accuracy": accuracies(directory),
    }
    (directory / "card.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    model_path().mkdir(exist_ok=True)
    for name in SHIPPED:
        if (directory / name).is_file():
            shutil.copyfile(directory / name, model_path() / name)


def _parameters(directory: Path) -> int:
    from safetensors import safe_open

    with safe_open(str(directory / "model.safetensors"), "pt") as weights:
        return sum(int(weights.get_tensor(name).numel()) for name in weights.keys())  # noqa: SIM118


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("directory", type=Path)
    ship(parser.parse_args().directory)
