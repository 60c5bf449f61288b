"""Small measurements made for tests, written to disk the way the engine writes them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from holdfast.compare import Comparison, compare
from holdfast.files import digest
from holdfast.runs.measurement import Measurement, TaskResult, sample_path, summarize, write_results
from holdfast.runs.row import Row, append


def made_rows(task: str, scores: Sequence[float | None], **more: Any) -> list[Row]:
    """A row per score; `more` holds row fields, as one value or as a sequence with a value per row."""
    rows = []
    for number, score in enumerate(scores):
        fields = {k: v[number] if isinstance(v, list) else v for k, v in more.items()}
        outcome = "error" if score is None else {0.0: "wrong", 1.0: "correct"}.get(score, "partial")
        prompt = f"What is {number} plus one, please, and why?"
        base: dict[str, Any] = {
            "doc_id": str(number),
            "doc_hash": digest([task, number]),
            "prompt_hash": digest(prompt),
            "prompt": prompt,
            "completion": f"It is {number + 1}.",
            "extracted": str(number + 1),
            "finish_reason": "stop",
            "tokens": 10,
        }
        rows.append(Row(task=task, reference=number + 1, score=score, outcome=outcome, **base | fields))
    return rows


def made_run(directory: Path, tasks: dict[str, list[Row]], model: str = "m", **definition: Any) -> Measurement:
    """Write a measurement; `definition` goes to every TaskResult."""
    results = {}
    for task, rows in tasks.items():
        path = sample_path(directory, task)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8") as stream:
            for row in rows:
                append(stream, row)
        settings = {"reward": {"name": "exact_match", "version": "1"}, "generation": {"max_tokens": 64}} | definition
        results[task] = summarize(TaskResult(task, **settings), rows)
    measurement = Measurement(directory, results, {"name": model, "fingerprint": model} if model else {})
    write_results(measurement)
    return measurement


def flipped(n: int, right: int, lost: int, gained: int) -> tuple[list[float], list[float]]:
    """Scores before and after: `right` of n right before, of which `lost` are lost; `gained` of the others gained."""
    before = [1.0] * right + [0.0] * (n - right)
    after = [0.0] * lost + [1.0] * (right - lost + gained) + [0.0] * (n - right - gained)
    return before, after


def made_comparison(tmp_path: Path, tasks: dict[str, tuple[int, int, int, int]], **more: Any) -> Comparison:
    """Compare runs of tasks given as (n, right, lost, gained)."""
    scores = {task: flipped(*table) for task, table in tasks.items()}
    before = made_run(tmp_path / "before", {t: made_rows(t, s[0]) for t, s in scores.items()}, "a")
    after = made_run(tmp_path / "after", {t: made_rows(t, s[1]) for t, s in scores.items()}, "b")
    return compare(before, after, **more)
