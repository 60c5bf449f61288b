"""Every Eval Ever: `<uuid>_samples.jsonl` beside its aggregate record `<uuid>.json`, alone or a folder of one model's.

A line: {"schema_version": "0.3.0", "evaluation_id": "…", "model_id": "org/name", "evaluation_name": "gsm8k",
"evaluation_result_id": "…", "sample_id": "1", "interaction_type": "single_turn", "input": {"raw": "…", "reference":
["18"]}, "output": {"raw": ["…"]}, "messages": null, "answer_attribution": [{"extracted_value": "18", …}], "evaluation":
{"score": 1.0, "is_correct": true}}. Where a sample has a line per metric, the evaluation's first metric counts.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from holdfast.files import digest, read_json, read_jsonl
from holdfast.importers.recorded import Recorded, Rows, check_one_model, recorded
from holdfast.importers.scores import oriented, read_score
from holdfast.runs.measurement import TaskResult
from holdfast.runs.row import Row
from holdfast.sample import Outcome, Text

_NEEDED = frozenset({"evaluation_id", "model_id", "evaluation_name", "sample_id", "interaction_type", "evaluation"})


def read(path: Path) -> Recorded | None:
    """The measurement, or None when nothing of Every Eval Ever is there."""
    files = [path] if path.is_file() else sorted(path.rglob("*_samples.jsonl")) if path.is_dir() else []
    firsts = {file: first for file in files if (first := _first(file)) is not None}
    if not firsts:
        return None
    check_one_model(path, {file: str(first["model_id"]) for file, first in firsts.items()})
    sources: dict[str, Rows] = {}
    results: dict[str, TaskResult] = {}
    for file in firsts:
        configs = _configs(file)
        for name, result_id in _evaluations(file).items():
            config = configs.get(result_id or name, {})
            metric = oriented(str(config.get("metric_id") or "score"), not config.get("lower_is_better", False))
            results[name] = TaskResult(name, "unknown", {"name": f"every_eval_ever:{metric}"}, metric=metric)
            sources[name] = partial(_rows, file, name, result_id, config)
    return recorded(path, sources, results, {"name": str(next(iter(firsts.values()))["model_id"])})


def _first(file: Path) -> dict[str, Any] | None:
    """The first line of a file of theirs."""
    if file.suffix != ".jsonl":
        return None
    first = next((record for _, record in read_jsonl(file)), {})
    return first if set(first) >= _NEEDED and isinstance(first["evaluation"], Mapping) else None


def _evaluations(file: Path) -> dict[str, str | None]:
    """Evaluation → the result that counts, in the file's order."""
    found: dict[str, str | None] = {}
    for _, record in read_jsonl(file):
        found.setdefault(str(record.get("evaluation_name")), record.get("evaluation_result_id"))
    return found


def _configs(file: Path) -> dict[str, Mapping[str, Any]]:
    """What the aggregate record says of each result's metric."""
    aggregate = file.with_name(file.name.removesuffix("_samples.jsonl") + ".json")
    results = read_json(aggregate).get("evaluation_results") if aggregate.is_file() else []
    found: dict[str, Mapping[str, Any]] = {}
    for one in results if isinstance(results, list) else []:
        for key in (one.get("evaluation_result_id"), one.get("evaluation_name")):
            found.setdefault(str(key), one.get("metric_config") or {})
    return found


def _rows(file: Path, name: str, result_id: str | None, config: Mapping[str, Any]) -> Iterator[Row]:
    for number, record in read_jsonl(file):
        if str(record.get("evaluation_name")) == name and record.get("evaluation_result_id") == result_id:
            yield _row(record, name, config, f"{file}:{number}")


def _row(record: Mapping[str, Any], name: str, config: Mapping[str, Any], where: str) -> Row:
    question, facts = record.get("input") or {}, record.get("metadata") or {}
    reference, prompt = question.get("reference"), str(question.get("raw", ""))
    score = _score(record, config, where)
    found = (record.get("answer_attribution") or [{}])[-1]
    extracted = None if found.get("extraction_method") == "none" else found.get("extracted_value")
    usage = (record.get("token_usage") or {}).get("output_tokens", facts.get("tokens"))
    return Row(
        task=name,
        doc_id=str(record["sample_id"]),
        doc_hash=str(facts.get("doc_hash") or record.get("sample_hash") or digest([prompt, reference])),
        prompt_hash=str(facts.get("prompt_hash") or digest(prompt)),
        prompt=prompt,
        completion=_completion(record),
        reference=reference[0] if isinstance(reference, list) and len(reference) == 1 else reference,
        score=score,
        outcome=Outcome.of(score),
        reason=str(facts.get("reason") or record.get("error") or "")[:300],
        extracted=extracted,
        repeat=int(facts.get("repeat", 0)),
        cluster=facts.get("cluster"),
        category=facts.get("category"),
        finish_reason=facts.get("finish_reason"),
        tokens=None if usage is None else int(usage),
        rendered=question.get("formatted"),
    )


def _score(record: Mapping[str, Any], config: Mapping[str, Any], where: str) -> float | None:
    """From 0 to 1: the metric's own scale is divided by, a loss is turned."""
    highest = config.get("max_score")
    scale = float(highest) if isinstance(highest, int | float) and highest > 1 else 1.0
    lower = bool(config.get("lower_is_better"))
    value = (record.get("evaluation") or {}).get("score")
    metric = str(config.get("metric_id") or "score")
    return read_score(value, metric, scale, "lower" if lower else "higher", where)


def _completion(record: Mapping[str, Any]) -> Text:
    raw = (record.get("output") or {}).get("raw")
    if raw:
        return str(raw[0])
    turns = [{"role": one.get("role"), "content": one.get("content") or ""} for one in record.get("messages") or []]
    start = next((index for index, one in enumerate(turns) if one["role"] == "assistant"), len(turns))
    return turns[start:]
