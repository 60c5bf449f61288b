"""AlpacaEval: `annotations.json`, a judge's preferences from 1 (the baseline) to 2 (the model).

[{"instruction": "…", "output_1": "…", "generator_1": "gpt4_turbo", "output_2": "…", "generator_2": "mine",
"dataset": "helpful_base", "annotator": "weighted_alpaca_eval_gpt4_turbo", "preference": 1.98}, …]
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from holdfast.errors import DataError
from holdfast.files import digest
from holdfast.importers.recorded import Recorded, read_whole, recorded
from holdfast.runs.measurement import TaskResult
from holdfast.runs.row import Row
from holdfast.sample import Outcome

TASK = "alpaca_eval"
_NEEDED = frozenset({"instruction", "generator_1", "generator_2", "preference"})


def read(path: Path) -> Recorded | None:
    """The measurement of `generator_2`, or None when it is not AlpacaEval's. Raises DataError for several models."""
    rows = read_whole(path)
    if not isinstance(rows, list) or not rows or not isinstance(rows[0], Mapping) or not set(rows[0]) >= _NEEDED:
        return None
    models = list(dict.fromkeys(str(row["generator_2"]) for row in rows))
    if len(models) > 1:
        raise DataError(f"{path} holds several models: {', '.join(models[:5])}; `holdfast rank` orders them")
    options = {"baseline": str(rows[0]["generator_1"]), "annotator": str(rows[0].get("annotator", ""))}
    reward = {"name": "alpaca_eval", "version": "unknown", "options": options}
    task = TaskResult(TASK, version="unknown", reward=reward, metric="win_rate")
    return recorded(path, {TASK: partial(_rows, rows)}, {TASK: task}, {"name": models[0]})


def _rows(rows: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    for index, row in enumerate(rows):
        prompt, preference = str(row["instruction"]), row["preference"]
        score = preference - 1.0 if isinstance(preference, int | float) and 1 <= preference <= 2 else None
        yield Row(
            task=TASK,
            doc_id=str(index),
            doc_hash=digest(prompt),
            prompt_hash=digest(prompt),
            prompt=prompt,
            completion=str(row.get("output_2", "")),
            reference=row.get("output_1"),
            score=score,
            outcome=Outcome.of(score),
            category=None if row.get("dataset") is None else str(row["dataset"]),
        )
