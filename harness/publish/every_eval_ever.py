"""Every Eval Ever: one aggregate record of a run, and a line for each judged answer.

data/<collection>/<developer>/<model>/<uuid>.json and <uuid>_samples.jsonl, schema 0.3.0 (eval.schema.json and
instance_level_eval.schema.json of evaleval/every_eval_ever). The uuid is made of the record, so that the same run has
the same files. An answer that could not be judged has no line: the schema demands a number, and ours would be none.
"""

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from holdfast.files import write_json, write_stream
from holdfast.publish.subject import Subject, data_source, judged_items
from holdfast.quantities import epoch_seconds
from holdfast.runs.measurement import TaskResult
from holdfast.runs.row import Row
from holdfast.sample import Text, message_text

SCHEMA = "0.3.0"
_COLLECTION = "holdfast"


def write(subject: Subject, directory: Path) -> list[Path]:
    """Write the record and its samples."""
    record = aggregate(subject)
    name = uuid.UUID(bytes=hashlib.sha256(json.dumps(record, sort_keys=True).encode()).digest()[:16], version=4)
    folder = Path("data") / _COLLECTION / subject.model_id
    samples = folder / f"{name}_samples.jsonl"
    lines = [json.dumps(one, ensure_ascii=True) + "\n" for one in _lines(subject, record["evaluation_id"])]
    write_stream(directory / samples, lines)
    checksum = hashlib.sha256((directory / samples).read_bytes()).hexdigest()
    record["detailed_evaluation_results"] = {
        "format": "jsonl",
        "file_path": samples.as_posix(),
        "hash_algorithm": "sha256",
        "checksum": checksum,
        "total_rows": len(lines),
    }
    write_json(directory / folder / f"{name}.json", record)
    return [directory / folder / f"{name}.json", directory / samples]


def aggregate(subject: Subject) -> dict[str, Any]:
    """The record without its samples."""
    measured = str(epoch_seconds(subject.created) or 0)
    return {
        "schema_version": SCHEMA,
        "evaluation_id": f"{_COLLECTION}/{subject.model_id.replace('/', '_')}/{measured}",
        "retrieved_timestamp": measured,
        "evaluation_timestamp": measured,
        "source_metadata": {
            "source_name": "Holdfast",
            "source_type": "evaluation_run",
            "source_organization_name": subject.model_id.partition("/")[0],
            "evaluator_relationship": "other",
            "additional_details": _texts({"source_url": subject.source_url}),
        },
        "eval_library": {"name": "holdfast", "version": subject.version},
        "model_info": {
            "name": subject.model_name,
            "id": subject.model_id,
            "developer": subject.model_id.partition("/")[0],
            "additional_details": {"deployment_type": "unknown", "model_availability": "unknown"}
            | _texts({key: value for key, value in subject.measurement.model.items() if key != "name"}),
        },
        "evaluation_results": [
            _result(task, subject) for task in subject.measurement.tasks.values() if task.mean is not None
        ],
    }


def _result(task: TaskResult, subject: Subject) -> dict[str, Any]:
    return {
        "evaluation_result_id": task.task,
        "evaluation_name": task.task,
        "source_data": _source(task),
        "metric_config": {
            "metric_id": task.metric,
            "metric_name": task.metric,
            "metric_unit": "proportion",
            "lower_is_better": False,
            "score_type": "continuous",
            "min_score": 0.0,
            "max_score": 1.0,
            "additional_details": _texts({"reward": dict(task.reward), "task_version": task.version}),
        },
        "score_details": _score(task, subject),
        "generation_config": _generation(task),
    }


def _score(task: TaskResult, subject: Subject) -> dict[str, Any]:
    uncertainty: dict[str, Any] = {"num_samples": judged_items(subject, task.task)}
    if task.stderr is not None:
        uncertainty["standard_error"] = {"value": task.stderr, "method": "analytic"}
    details: dict[str, Any] = {"items": task.n, "unjudged": task.unjudged, "truncated": task.truncated, **task.metrics}
    if subject.comparison and task.task in {one.task for one in subject.comparison.benchmarks}:
        one = subject.comparison.benchmark(task.task)
        details |= {"before": one.before, "change": one.difference, "verdict": str(one.verdict)}
    return {"score": task.mean, "details": _texts(details), "uncertainty": uncertainty}


def _source(task: TaskResult) -> dict[str, Any]:
    source = data_source(task.task)
    if not source.hub:
        return {"dataset_name": task.task, "source_type": "other"}
    more = _texts({"config": source.config, "revision": source.revision})
    found = {"dataset_name": source.hub, "source_type": "hf_dataset", "hf_repo": source.hub, "hf_split": source.split}
    return found | ({"samples_number": source.items} if source.items else {}) | ({"additional_details": more})


def _generation(task: TaskResult) -> dict[str, Any]:
    known: dict[str, Any] = {}
    for key, name in (("temperature", "temperature"), ("top_p", "top_p"), ("top_k", "top_k")):
        if isinstance(task.generation.get(key), int | float):
            known[name] = float(task.generation[key])
    longest = task.generation.get("max_tokens", task.generation.get("max_gen_toks"))
    if isinstance(longest, int):
        known["max_tokens"] = longest
    return {"generation_args": known, "additional_details": _texts(task.generation)}


def _lines(subject: Subject, evaluation: str) -> Iterator[dict[str, Any]]:
    for task in subject.measurement.tasks:
        for row in subject.measurement.rows(task):
            if row.score is not None:
                yield _line(row, subject.model_id, evaluation)


def _line(row: Row, model: str, evaluation: str) -> dict[str, Any]:
    conversation = not isinstance(row.completion, str)
    raw = _plain(row.prompt)
    reference = [_plain(one) for one in (row.reference if isinstance(row.reference, list) else [row.reference])]
    extracted = row.extracted if row.extracted is not None else _plain(row.completion)
    turns = _turns(row) if conversation else None
    last = len(turns) - 1 if turns else 0
    return {
        "schema_version": SCHEMA,
        "evaluation_id": evaluation,
        "model_id": model,
        "evaluation_name": row.task,
        "evaluation_result_id": row.task,
        "sample_id": row.doc_id,
        "sample_hash": hashlib.sha256(f"{raw}{''.join(reference)}".encode("utf-8", "surrogatepass")).hexdigest(),
        "interaction_type": "multi_turn" if conversation else "single_turn",
        "input": {"raw": raw, "formatted": row.rendered, "reference": reference},
        "output": None if conversation else {"raw": [row.completion]},
        "messages": turns,
        "answer_attribution": [
            {
                "turn_idx": last,
                "source": f"messages[{last}].content" if conversation else "output.raw",
                "extracted_value": extracted,
                "extraction_method": "custom" if row.extracted is not None else "none",
                "is_terminal": True,
            }
        ],
        "evaluation": {
            "score": row.score,
            "is_correct": row.score == 1.0,
            **({"num_turns": len(turns)} if turns else {}),
        },
        "error": None,
        "metadata": _texts(_facts(row)),
    }


def _facts(row: Row) -> dict[str, Any]:
    return {
        "doc_hash": row.doc_hash,
        "prompt_hash": row.prompt_hash,
        "repeat": row.repeat,
        "category": row.category,
        "cluster": row.cluster,
        "outcome": row.outcome,
        "reason": row.reason,
        "finish_reason": row.finish_reason,
        "tokens": row.tokens,
    }


def _turns(row: Row) -> list[dict[str, Any]]:
    prompt_messages = [{"role": "user", "content": row.prompt}] if isinstance(row.prompt, str) else list(row.prompt)
    messages = [*prompt_messages, *(row.completion if not isinstance(row.completion, str) else [])]
    return [
        {"turn_idx": number, "role": str(message.get("role", "assistant")), "content": message_text(message)}
        for number, message in enumerate(messages)
    ]


def _plain(text: "Text | Any") -> str:
    return text if isinstance(text, str) else json.dumps(text, ensure_ascii=False, default=str)


def _texts(facts: Mapping[str, Any]) -> dict[str, str]:
    """What is known, each as a text."""
    return {key: _plain(value) for key, value in facts.items() if value not in (None, "", {}, [])}
