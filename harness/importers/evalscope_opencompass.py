"""EvalScope reviews (JSONL) and OpenCompass results with details (JSON).

EvalScope: {"index": 0, "target": ["18"], "messages": [{"role": "user", "content": "…"}, …], "sample_score": {"score":
{"value": {"acc": 1.0}, "extracted_prediction": "18", "prediction": "…"}, "group_id": 0, "generation_index": null}};
earlier 1.x had "input": "…" and "target": "18"; before 1.0 {"index": 0, "choices": [{"message": {"content": "…"},
"review": {"gold": "18", "pred": "18", "result": 1.0}}], …}.
OpenCompass: results/<model>/<data set>.json {"accuracy": 61.2, "details": …} written with dump_details, the details a
list of the evaluator's {"pred": ["18"], "answer": ["18"], "correct": [true]} (one entry a repeat), whose prompts and
full completions are in predictions/<model>/<data set>.json beside it; or a mapping of {"prompt", "origin_prediction",
"predictions", "references"[, "correct"]}. Details without "correct" (an evaluator that gives only the mean) have no
score of their own: their rows are unjudged.
"""

import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from holdfast.errors import DataError
from holdfast.files import digest, leads_out, read_json, read_jsonl
from holdfast.importers.lm_eval_groups import grouped, groups_of
from holdfast.importers.recorded import Recorded, Rows, check_one_model, primary, recorded
from holdfast.importers.scores import LOSS, metric_score, number, oriented
from holdfast.runs.measurement import TaskResult
from holdfast.runs.row import Row
from holdfast.sample import Outcome


def read(path: Path) -> Recorded | None:
    """The measurement, or None when it is neither's."""
    files = [path] if path.is_file() else sorted(_files(path))
    kinds = {one: kind for one in files if (kind := _kind(one))}
    if not kinds:
        return None
    check_one_model(path, {one: one.parent.name for one in kinds})
    metrics = {one.stem: _metric(one, kind) for one, kind in kinds.items()}
    sources: dict[str, Rows] = {one.stem: partial(_rows, one, kind, metrics[one.stem]) for one, kind in kinds.items()}
    results = {
        one.stem: TaskResult(
            one.stem,
            version="unknown",
            reward={"name": kind, "version": "unknown", "options": {}},
            metric=metrics[one.stem],
        )
        for one, kind in kinds.items()
    }
    sources, results = grouped(sources, results, groups_of(list(results), {}))
    return recorded(path, sources, results, {"name": next(iter(kinds)).parent.name})


def _files(folder: Path) -> Iterator[Path]:
    """Reviews and results below a folder of either harness, or of one model inside it."""
    for inside, pattern in (("reviews", "*.jsonl"), ("results", "*.json")):
        yield from folder.rglob(pattern if inside in folder.parts else f"{inside}/**/{pattern}")


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
    return [(str(key), one) for key, one in pairs if isinstance(one, dict) and _ANSWERED & one.keys()]


_ANSWERED = {"correct", "predictions"}
"""What marks an entry of the details; others in the mapping say how the data set was asked."""


def _metric(path: Path, kind: str) -> str:
    """The metric that counts: EvalScope's main one, else the first."""
    if kind == "opencompass":
        return "score"
    first = next((record["sample_score"]["score"] for _, record in read_jsonl(path) if "sample_score" in record), None)
    if first is None:
        return "score"
    scores = (record["sample_score"]["score"] for _, record in read_jsonl(path) if "sample_score" in record)
    return oriented(primary((one.get("value") or {} for one in scores), (str(first.get("main_score_name")), "acc")))


def _rows(path: Path, kind: str, metric: str) -> Iterator[Row]:
    if kind == "opencompass":
        predictions, details = _predictions(path), _details(path)
        for index, (key, one) in enumerate(details):
            # repeats are the data set appended to itself
            answers = [
                predictions[at] for at in map(str, range(index, len(predictions), len(details))) if at in predictions
            ]
            yield from _opencompass(path.stem, key, one, answers)
    else:
        yield from (_evalscope(path.stem, record, metric) for _, record in read_jsonl(path))


def _evalscope(task: str, record: Mapping[str, Any], metric: str) -> Row:
    old = _old_review(record)
    if old is not None:
        message = record["choices"][0].get("message") or {}
        prompt = record.get("raw_input") or record.get("input") or ""
        value, text, reference = number(old.get("result")), message.get("content"), old.get("gold")
        extracted = old.get("pred")
    else:
        score = record["sample_score"]["score"]
        found = (score.get("value") or {}).get(metric.removeprefix(LOSS))
        value = metric_score(found, metric, f"{task}, {record['index']}")
        prompt = record.get("input") or _prompt(record.get("messages") or [])
        reference = _only_entry(record.get("target"))
        text, extracted = score.get("prediction"), score.get("extracted_prediction")
    sample_score = record.get("sample_score") or {}
    repeat = sample_score.get("generation_index")
    key = record["index"] if repeat is None else sample_score.get("group_id", record["index"])
    return _row(task, str(key), prompt, text, reference, value, extracted, repeat or 0)


def _prompt(messages: list[dict[str, Any]]) -> Any:
    """The conversation before the model's last answer, as OpenAI's messages; a lone question as its text."""
    last = max((index for index, one in enumerate(messages) if one.get("role") == "assistant"), default=len(messages))
    kept = [{"role": one.get("role"), "content": one.get("content")} for one in messages[:last]]
    return kept[0]["content"] if len(kept) == 1 and isinstance(kept[0]["content"], str) else kept


def _only_entry(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _predictions(path: Path) -> dict[str, Any]:
    """What the model was asked and wrote, by number, from the file OpenCompass keeps beside its results: of a file
    `results/<model>/<data set>.json` alone, none is looked for elsewhere. Raises DataError for one that is no object
    of numbered answers."""
    folder = path.absolute().parent
    if folder.parent.name != "results":
        return {}
    root = folder.parent.parent
    beside = root / "predictions" / folder.name / path.name
    if not beside.is_file() or leads_out(beside, root):
        return {}
    found = read_json(beside)
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
        raise DataError(f"{beside} does not hold OpenCompass's predictions: an object of numbered answers")
    return found


def _opencompass(task: str, key: str, one: Mapping[str, Any], answers: list[Any]) -> Iterator[Row]:
    first = answers[0] if answers else {}
    prompt = _only_entry(one.get("prompt") or one.get("origin_prompt") or first.get("origin_prompt") or key)
    prompt = prompt.get("prompt", prompt) if isinstance(prompt, dict) else prompt
    given = one.get("pred", one.get("predictions", one.get("prediction")))
    correct = one.get("correct")
    marks = correct if isinstance(correct, list) and correct else [correct]
    wrote = one.get("origin_prediction")
    whole = [wrote] if isinstance(wrote, str) else [answer.get("prediction") for answer in answers]
    reference = one.get("references", one.get("answer", one.get("gold")))
    for repeat, mark in enumerate(marks):
        extracted = _entry_of(given, repeat, len(marks))
        text = whole[repeat] if len(whole) == len(marks) else extracted
        yield _row(task, key, prompt, text, _entry_of(reference, repeat, len(marks)), number(mark), extracted, repeat)


def _entry_of(value: Any, repeat: int, repeats: int) -> Any:
    """The entry of one repeat, where the evaluator wrote one for each."""
    return value[repeat] if isinstance(value, list) and len(value) == repeats else value


def _row(
    task: str, key: str, question: Any, text: Any, reference: Any, value: float | None, extracted: Any, repeat: int
) -> Row:
    prompt = question if isinstance(question, str) else json.dumps(question, ensure_ascii=False)
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
        outcome=Outcome.of(value),
        extracted=None if extracted is None else str(extracted),
        repeat=repeat,
    )
