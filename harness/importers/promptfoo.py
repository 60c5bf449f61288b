"""promptfoo: `promptfoo eval -o results.json`.

{"results": {"results": [{"provider": {"id": "openai:gpt-4o"}, "prompt": {"raw": "…"}, "vars": {…}, "testIdx": 0,
"response": {"output": "…"}, "success": true, "score": 1, "gradingResult": {"reason": "…"}}, …]}}; a file of several
providers holds several models.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from holdfast.errors import DataError
from holdfast.files import digest
from holdfast.importers.recorded import Recorded, read_object, recorded
from holdfast.importers.scores import number
from holdfast.runs.measurement import TaskResult
from holdfast.runs.row import Row
from holdfast.sample import Outcome

TASK = "promptfoo"


def read(path: Path) -> Recorded | None:
    """The measurement, or None when it is not promptfoo's. Raises DataError for a file of several models."""
    found = read_object(path)
    results = found.get("results") if found else None
    rows = results.get("results") if isinstance(results, Mapping) else results
    if not isinstance(rows, list) or not rows or not isinstance(rows[0], Mapping) or "provider" not in rows[0]:
        return None
    models = list(dict.fromkeys(_model(row) for row in rows))
    if len(models) > 1:
        raise DataError(f"{path} holds several models: {', '.join(models)}; run promptfoo with one provider a file")
    task = TaskResult(TASK, version="unknown", reward={"name": "promptfoo", "version": "unknown", "options": {}})
    return recorded(path, {TASK: partial(_rows, rows)}, {TASK: task}, {"name": models[0]})


def _model(row: Mapping[str, Any]) -> str:
    provider = row["provider"]
    return str(provider.get("label") or provider.get("id")) if isinstance(provider, Mapping) else str(provider)


def _rows(rows: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    for index, row in enumerate(rows):
        prompt, graded = row.get("prompt"), row.get("gradingResult") or {}
        text = str(prompt.get("raw", "")) if isinstance(prompt, Mapping) else str(prompt or "")
        response = row.get("response") or {}
        failed = row.get("error") and not graded
        score = None if failed else number(row.get("score", row.get("success")))
        variables = row.get("vars") or {}
        yield Row(
            task=TASK,
            doc_id=str(row.get("testIdx", index)),
            doc_hash=digest([variables or text, row.get("testIdx", index), row.get("promptIdx", 0)]),
            prompt_hash=digest(text),
            prompt=text,
            completion=str(response.get("output", "") if isinstance(response, Mapping) else response),
            reference=variables,
            score=score,
            outcome=Outcome.of(score),
            reason=str(graded.get("reason") or row.get("error") or ""),
        )
