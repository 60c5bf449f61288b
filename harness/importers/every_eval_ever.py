"""Every Eval Ever: `<uuid>_samples.jsonl` beside its aggregate record `<uuid>.json`, alone or a folder of one model's.

A line: {"schema_version": "0.3.0", "evaluation_id": "…", "model_id": "org/name", "evaluation_name": "gsm8k",
"evaluation_result_id": "…", "sample_id": "1", "interaction_type": "single_turn", "input": {"raw": "…", "reference":
["18"]}, "output": {"raw": ["…"]}, "messages": null, "answer_attribution": [{"extracted_value": "18", …}], "evaluation":
{"score": 1.0, "is_correct": true}}. Where a sample has a line per metric, the evaluation's first metric counts.
"""

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from holdfast.errors import DataError
from holdfast.files import digest, parse_record, read_json
from holdfast.importers.recorded import Recorded, Rows, check_one_model, recorded
from holdfast.importers.scores import oriented, read_score
from holdfast.runs.measurement import TaskResult
from holdfast.runs.row import Row
from holdfast.sample import Outcome, Text

_NEEDED = frozenset({"evaluation_id", "model_id", "evaluation_name", "sample_id", "interaction_type", "evaluation"})


@dataclass(slots=True)
class _Evaluation:
    """The lines of one evaluation in a file."""

    file: Path
    result_id: str | None
    """The result that counts: the first of the evaluation."""
    offsets: "array[int]" = field(default_factory=lambda: array("Q"))
    numbers: "array[int]" = field(default_factory=lambda: array("Q"))
    """Of its lines, in bytes from the file's start and from 1."""


def read(path: Path) -> Recorded | None:
    """The measurement, or None when nothing of Every Eval Ever is there. Raises DataError for several models, and for
    an evaluation that two files hold."""
    files = [path] if path.is_file() else sorted(path.rglob("*_samples.jsonl")) if path.is_dir() else []
    files = [file for file in files if _is_theirs(file)]
    if not files:
        return None
    found: dict[str, _Evaluation] = {}
    models: dict[Path, str] = {}
    for file in files:
        models[file], evaluations = _indexed(file)
        for name in evaluations.keys() & found.keys():
            raise DataError(f"{path} holds {name!r} twice, in {found[name].file} and in {file}; give one of them")
        found |= evaluations
    check_one_model(path, models)
    sources: dict[str, Rows] = {}
    results: dict[str, TaskResult] = {}
    configs = {file: _configs(file) for file in files}
    for name, one in found.items():
        config = configs[one.file].get(one.result_id or name, {})
        metric = oriented(str(config.get("metric_id") or "score"), not config.get("lower_is_better", False))
        results[name] = TaskResult(name, "unknown", {"name": f"every_eval_ever:{metric}"}, metric=metric)
        sources[name] = partial(_rows, one, name, config)
    return recorded(path, sources, results, {"name": models[files[0]]})


def _is_theirs(file: Path) -> bool:
    """Whether the first line of a file is one of theirs."""
    if file.suffix != ".jsonl":
        return False
    first = next((record for _, _, record in _lines(file)), {})
    return set(first) >= _NEEDED and isinstance(first["evaluation"], Mapping)


def _lines(file: Path) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """(offset, line number, record)."""
    offset = 0
    try:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield offset, number, parse_record(line, f"{file}:{number}")
                offset += len(line)
    except OSError as error:
        raise DataError(f"cannot read {file}: {error.strerror}") from error


def _indexed(file: Path) -> tuple[str, dict[str, _Evaluation]]:
    """The model of a file, and where each evaluation's lines are. Raises DataError for lines of two models."""
    found: dict[str, _Evaluation] = {}
    model: str | None = None
    for offset, number, record in _lines(file):
        if not set(record) >= _NEEDED:
            raise DataError(f"{file}:{number} lacks {', '.join(sorted(_NEEDED - set(record)))}")
        named = str(record["model_id"])
        if model is not None and named != model:
            raise DataError(f"{file} holds lines of two models: {model} and, in line {number}, {named}")
        model = named
        result_id = record.get("evaluation_result_id")
        one = found.setdefault(str(record["evaluation_name"]), _Evaluation(file, result_id))
        if one.result_id == result_id:
            one.offsets.append(offset)
            one.numbers.append(number)
    return model or "", found


def _configs(file: Path) -> dict[str, Mapping[str, Any]]:
    """What the aggregate record says of each result's metric."""
    aggregate = file.with_name(file.name.removesuffix("_samples.jsonl") + ".json")
    results = read_json(aggregate).get("evaluation_results") if aggregate.is_file() else []
    found: dict[str, Mapping[str, Any]] = {}
    for number, one in enumerate(results if isinstance(results, list) else []):
        if not isinstance(one, Mapping):
            raise DataError(f"{aggregate}: evaluation_results[{number}] must be an object, not {one!r:.60}")
        for key in (one.get("evaluation_result_id"), one.get("evaluation_name")):
            found.setdefault(str(key), _object(one, "metric_config", f"{aggregate}: evaluation_results[{number}]"))
    return found


def _rows(evaluation: _Evaluation, name: str, config: Mapping[str, Any]) -> Iterator[Row]:
    with evaluation.file.open("rb") as lines:
        for offset, number in zip(evaluation.offsets, evaluation.numbers, strict=True):
            lines.seek(offset)
            where = f"{evaluation.file}:{number}"
            yield _row(parse_record(lines.readline(), where), name, config, where)


def _object(record: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    """A field that is an object, or is not there. Raises DataError for anything else."""
    value = record.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise DataError(f"{where}: {key} must be an object, not {value!r:.60}")
    return value


def _objects(record: Mapping[str, Any], key: str, where: str) -> list[Mapping[str, Any]]:
    """A field that is a list of objects, or is not there. Raises DataError for anything else."""
    value = record.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise DataError(f"{where}: {key} must be a list of objects, not {value!r:.60}")
    return value


def _whole(value: Any, name: str, where: str) -> int:
    """A whole number, which our own lines hold as a text."""
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise DataError(f"{where}: {name} must be a whole number, not {value!r:.60}") from error


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _row(record: Mapping[str, Any], name: str, config: Mapping[str, Any], where: str) -> Row:
    question, facts = _object(record, "input", where), _object(record, "metadata", where)
    reference, prompt = question.get("reference"), str(question.get("raw", ""))
    score = _score(record, config, where)
    found = (_objects(record, "answer_attribution", where) or [{}])[-1]
    extracted = None if found.get("extraction_method") == "none" else _text(found.get("extracted_value"))
    usage = _object(record, "token_usage", where).get("output_tokens", facts.get("tokens"))
    return Row(
        task=name,
        doc_id=str(record["sample_id"]),
        doc_hash=str(facts.get("doc_hash") or record.get("sample_hash") or digest([prompt, reference])),
        prompt_hash=str(facts.get("prompt_hash") or digest(prompt)),
        prompt=prompt,
        completion=_completion(record, where),
        reference=reference[0] if isinstance(reference, list) and len(reference) == 1 else reference,
        score=score,
        outcome=Outcome.of(score),
        reason=str(facts.get("reason") or record.get("error") or "")[:300],
        extracted=extracted,
        repeat=_whole(facts.get("repeat", 0), "metadata.repeat", where),
        cluster=_text(facts.get("cluster")),
        category=_text(facts.get("category")),
        finish_reason=_text(facts.get("finish_reason")),
        tokens=None if usage is None else _whole(usage, "output_tokens", where),
        rendered=_text(question.get("formatted")),
    )


def _score(record: Mapping[str, Any], config: Mapping[str, Any], where: str) -> float | None:
    """From 0 to 1: the metric's own scale is divided by, a loss is turned."""
    highest = config.get("max_score")
    scale = float(highest) if isinstance(highest, int | float) and highest > 1 else 1.0
    lower = bool(config.get("lower_is_better"))
    value = _object(record, "evaluation", where).get("score")
    metric = str(config.get("metric_id") or "score")
    return read_score(value, metric, scale, "lower" if lower else "higher", where)


def _completion(record: Mapping[str, Any], where: str) -> Text:
    raw = _object(record, "output", where).get("raw")
    if raw:
        return str(raw[0]) if isinstance(raw, list) else str(raw)
    turns = [
        {"role": str(one.get("role")), "content": str(one.get("content") or "")}
        for one in _objects(record, "messages", where)
    ]
    start = next((index for index, one in enumerate(turns) if one["role"] == "assistant"), len(turns))
    return turns[start:]
