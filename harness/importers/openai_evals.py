"""openai/evals: the JSONL log of `oaieval`.

{"spec": {"completion_fns": ["gpt-4"], "eval_name": "test-match.s1", …}}, then events {"sample_id": "test-match.s1.0",
"type": "sampling", "data": {"prompt": …, "sampled": ["…"]}} and {"sample_id": …, "type": "match", "data": {"correct":
true, "expected": …, "sampled": …}}, then {"final_report": …}.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from holdfast.files import digest, read_jsonl
from holdfast.importers.recorded import Recorded, recorded
from holdfast.importers.scores import number
from holdfast.runs.measurement import TaskResult
from holdfast.runs.row import Row
from holdfast.sample import Outcome

_SCORES = ("correct", "score", "accuracy")


def read(path: Path) -> Recorded | None:
    """The measurement, or None when it is not a log of openai/evals."""
    if not path.is_file() or path.suffix != ".jsonl":
        return None
    first = next((record for _, record in read_jsonl(path)), {})
    spec = first.get("spec")
    if not isinstance(spec, Mapping) or "eval_name" not in spec:
        return None
    name = str(spec["eval_name"])
    reward = {"name": f"openai_evals:{spec.get('base_eval', name)}", "version": "unknown", "options": {}}
    model = str((spec.get("completion_fns") or [""])[0])
    return recorded(
        path, {name: partial(_rows, path, name)}, {name: TaskResult(name, "unknown", reward)}, {"name": model}
    )


def _rows(path: Path, name: str) -> Iterator[Row]:
    """A row per sample that was scored; its last sampling event holds prompt and completion."""
    sampling: dict[str, Mapping[str, Any]] = {}
    for _, event in read_jsonl(path):
        data = event.get("data")
        if not isinstance(data, Mapping) or "sample_id" not in event:
            continue
        sample = str(event["sample_id"])
        if event.get("type") == "sampling":
            sampling[sample] = data
        elif any(key in data for key in _SCORES):
            yield _row(name, sample, data, sampling.pop(sample, {}))


def _row(name: str, sample: str, data: Mapping[str, Any], sampling: Mapping[str, Any]) -> Row:
    prompt, sampled = sampling.get("prompt", ""), data.get("sampled") or sampling.get("sampled") or ""
    prompt = prompt if isinstance(prompt, str | list) else str(prompt)
    score = number(next(data[key] for key in _SCORES if key in data))
    return Row(
        task=name,
        doc_id=sample,
        doc_hash=digest([sample, data.get("expected")]),
        prompt_hash=digest(prompt),
        prompt=prompt,
        completion=str(sampled[0] if isinstance(sampled, list) and sampled else sampled),
        reference=data.get("expected"),
        score=score,
        outcome=Outcome.of(score),
        extracted=None if data.get("picked") is None else str(data["picked"]),
    )
