"""EvalScope reviews (JSONL) and OpenCompass results with details (JSON).

EvalScope: {"index": 0, "input": "…", "target": "18", "sample_score": {"score": {"value": {"acc": 1.0},
"extracted_prediction": "18", "prediction": "…"}}}; before 1.0 {"index": 0, "choices": [{"message": {"content": "…"},
"review": {"gold": "18", "pred": "18", "result": 1.0}}], …}.
OpenCompass: {"accuracy": 61.2, "details": {"0": {"prompt": …, "predictions"|"pred": "…", "references"|"answer": "…",
"correct": true}, …}}, the details as a list or a mapping.
"""

import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from holdfast.readers.recorded import Recorded, number, outcome_of, primary, recorded
from holdfast.rows import Row, digest, read_jsonl
from holdfast.run import TaskResult, read_json


def read(path: Path) -> Recorded | None:
    """The measurement, or None when it is neither's."""
    files = [path] if path.is_file() else sorted([*path.rglob("reviews/**/*.jsonl"), *path.rglob("results/**/*.json")])
    kinds = {one: kind for one in files if (kind := _kind(one))}
    if not kinds:
        return None
    sources = {one.stem: partial(_rows, one, kind) for one, kind in kinds.items()}
    results = {
        one.stem: TaskResult(one.stem, version="unknown", reward={"name": kind, "version": "unknown", "options": {}})
        for one, kind in kinds.items()
    }
    return recorded(path, sources, results, {"name": next(iter(kinds)).parent.name})


def _kind(path: Path) -> str:
    if path.suffix == ".jsonl":
        first = next(iter(read_jsonl(path)), (0, {}))[1]
        review = "sample_score" in first or _old_review(first) is not None
        return "evalscope" if "index" in first and review else ""
    if path.suffix == ".json" and path.read_text(encoding="utf-8").lstrip().startswith("{"):
        return "opencompass" if _details(path) else ""
    return ""


def _old_review(record: Mapping[str, Any]) -> Mapping[str, Any] | None:
    choices = record.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    found = first.get("review") if isinstance(first, dict) else None
    return found if isinstance(found, dict) else None


def _details(path: Path) -> list[tuple[str, Mapping[str, Any]]]:
    found = read_json(path).get("details")
    pairs = found.items() if isinstance(found, dict) else enumerate(found or []) if isinstance(found, list) else ()
    return [(str(key), one) for key, one in pairs if isinstance(one, dict) and "correct" in one]


def _rows(path: Path, kind: str) -> Iterator[Row]:
    if kind == "opencompass":
        yield from (_opencompass(path.stem, key, one) for key, one in _details(path))
    else:
        yield from (_evalscope(path.stem, record) for _, record in read_jsonl(path))


def _evalscope(task: str, record: Mapping[str, Any]) -> Row:
    old = _old_review(record)
    if old is not None:
        message = record["choices"][0].get("message") or {}
        asked = record.get("raw_input") or record.get("input") or ""
        value, text, reference = number(old.get("result")), message.get("content"), old.get("gold")
        extracted = old.get("pred")
    else:
        score = record["sample_score"]["score"]
        _, value = primary(score.get("value") or {}, (str(score.get("main_score_name")), "acc"))
        asked, reference = record.get("input", ""), record.get("target")
        text, extracted = score.get("prediction"), score.get("extracted_prediction")
    return _row(task, str(record["index"]), asked, text, reference, value, extracted)


def _opencompass(task: str, key: str, one: Mapping[str, Any]) -> Row:
    asked = one.get("prompt") or one.get("origin_prompt") or key
    text = one.get("predictions") or one.get("prediction") or one.get("pred")
    reference = one.get("references", one.get("answer", one.get("gold")))
    correct = one["correct"]
    value = number(correct[0] if isinstance(correct, list) and correct else correct)
    extracted = one.get("pred")
    return _row(task, key, asked, text, reference, value, extracted)


def _row(task: str, key: str, asked: Any, text: Any, reference: Any, value: float | None, extracted: Any) -> Row:
    prompt = asked if isinstance(asked, str) else json.dumps(asked, ensure_ascii=False)
    while isinstance(text, list):
        text = text[0] if text else ""
    return Row(
        task=task,
        doc_id=key,
        doc_hash=digest([prompt, reference]),
        prompt_hash=digest(prompt),
        prompt=prompt,
        completion=str(text or ""),
        reference=reference,
        score=value,
        outcome=outcome_of(value),
        extracted=None if extracted is None else str(extracted),
    )
