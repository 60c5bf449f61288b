"""The recorded completions that every adapter, the server and Ray must judge alike."""

import json
from typing import Any

from paths import shared

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


def direct(rows: list[Row], reward: str, **options: Any) -> list[float | None]:
    """The values of the direct call."""
    samples = [Sample(completion, reference, prompt) for prompt, completion, reference in rows]
    return [score.value for score in Reward(reward, **options).score_batch(samples)]
