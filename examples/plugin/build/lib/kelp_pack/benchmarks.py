"""A benchmark: three riddles that ship with the package, judged by its reward."""

import json
from pathlib import Path
from typing import Any

from holdfast.benchmarks.suites.source import Source
from holdfast.benchmarks.suites.task import Task


def prompt(row: Any) -> str:
    """What the model is asked."""
    return f"Which plant? {row['question']}\nAnswer:"


def answer(row: Any) -> str:
    """What is right."""
    return str(row["answer"])


def rows() -> list[dict[str, str]]:
    """The rows, from the package's own file."""
    lines = Path(__file__).with_name("riddles.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


TASKS = [
    Task(
        name="kelp_riddles",
        reward="kelp_word",
        source=Source(split="test", rows=rows),
        prompt=prompt,
        reference=answer,
        max_tokens=16,
        version="1",
        summary="Name the plant that is described.",
    )
]
