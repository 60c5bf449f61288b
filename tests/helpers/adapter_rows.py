"""The recorded completions that every adapter, the server and Ray must judge alike."""

import json
from pathlib import Path
from typing import Any

from helpers.paths import shared
from holdfast import Reward, Sample

Row = tuple[str, str, Any]
"""Prompt, completion, reference."""


def recorded(count: int = 2000) -> list[Row]:
    """Recorded GSM8K completions of two models, 1,000 questions each unless fewer are asked for."""
    with shared("gsm8k", "example_model_solutions.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines][: count // 2]
    return [
        (row["question"], row[model]["solution"], row["ground_truth"])
        for row in rows
        for model in ("6b_finetuning", "175b_verification")
    ]


PROGRAMS = {
    "humaneval": "reflexion_simple_1_gpt-3.5-turbo_pass_at_k_1.jsonl",
    "mbpp": "reflexion_mbpp-py._simple_1_gpt-4_pass_at_k_1_py.jsonl",
}
GONE = "unix:///tmp/holdfast-no-such-engine.sock"
"""A Docker engine that is not there."""


def programs(each: int = 12) -> list[Row]:
    """Recorded programs, `each` solved and `each` unsolved of HumanEval and of MBPP.

    Every second reference is JSON text, as labels are in most frameworks.
    """
    found = [row for folder, name in PROGRAMS.items() for row in _labelled(folder, name, each)]
    assert len(found) == 4 * each
    return [(p, c, json.dumps(r) if at % 2 else r) for at, (p, c, r) in enumerate(found)]


def _labelled(folder: str, name: str, each: int) -> list[Row]:
    lines = shared(folder, "recorded", name).read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [_program(row) for label in (True, False) for row in [r for r in rows if r["is_solved"] is label][:each]]


def _program(row: dict[str, Any]) -> Row:
    reference = {"style": "check", "tests": row["test"], "entry_point": row["entry_point"]}
    return row["prompt"], row["solution"] or "", reference


def code_config(folder: Path, backend: str, **options: Any) -> str:
    """A YAML file of the reward `code` in that sandbox."""
    path = folder / "code.yaml"
    path.write_text(json.dumps({"reward": "code", "backend": backend, "timeout": 20.0, **options}))
    return str(path)


def direct(rows: list[Row], reward: str, **options: Any) -> list[float | None]:
    """The values of the direct call of a name or a YAML file."""
    samples = [Sample(completion, reference, prompt) for prompt, completion, reference in rows]
    made = Reward(reward, **options) if options else Reward.from_config(reward)
    return [score.value for score in made.score_batch(samples)]
