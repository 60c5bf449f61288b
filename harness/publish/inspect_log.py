"""Inspect's logs: one `.eval` per benchmark, which `inspect view` and inspect's own functions open.

A zip of header.json (EvalLog without samples), samples/<id>_epoch_<n>.json (EvalSample) and summaries.json, version 2
of inspect_ai's format. What could not be judged has no score.
"""

import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from holdfast.files import digest, write_whole
from holdfast.importers.lm_eval_export import OURS, kept
from holdfast.publish.subject import Subject, data_source
from holdfast.runs.measurement import TaskResult
from holdfast.runs.row import Row
from holdfast.sample import Text

_SUMMARY = ("id", "epoch", "input", "target", "scores", "uuid")
_UNDATED = "1970-01-01T00:00:00Z"
_STOPS = {"length": "max_tokens", "stop": "stop"}
_GENERATION = {"temperature": float, "top_p": float, "top_k": int, "seed": int, "max_tokens": int}


def write(subject: Subject, directory: Path) -> list[Path]:
    """Write the logs into `inspect/`."""
    paths = []
    for task in subject.measurement.tasks.values():
        path = directory / "inspect" / _file_name(task, subject)
        write_whole(path, _archive(task, subject))
        paths.append(path)
    return paths


def _file_name(task: TaskResult, subject: Subject) -> str:
    """As inspect names them: `<time>_<task>_<id>.eval`."""
    stamp = (subject.created or _UNDATED)[:19].replace(":", "-") + "+00-00"
    name = re.sub(r"[^\w.-]+", "-", task.task)
    return f"{stamp}_{name}_{_identity(task, subject)}.eval"


def _identity(task: TaskResult, subject: Subject) -> str:
    return digest([task.task, subject.model_id, subject.created, task.mean])


def _archive(task: TaskResult, subject: Subject) -> bytes:
    packed = BytesIO()
    summaries = []
    scorer = str(task.reward.get("name") or task.metric)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as log:
        for sample in _samples(task, subject, scorer):
            log.writestr(_member(f"samples/{sample['id']}_epoch_{sample['epoch']}.json"), _json(sample))
            summaries.append({key: sample[key] for key in _SUMMARY} | {"completed": True})
        log.writestr(_member("summaries.json"), _json(summaries))
        log.writestr(_member("header.json"), _json(_header(task, subject, scorer, summaries)))
    return packed.getvalue()


def _member(name: str) -> zipfile.ZipInfo:
    """A file of the archive, without the time when it was packed: the same run has the same log."""
    member = zipfile.ZipInfo(name)
    member.compress_type = zipfile.ZIP_DEFLATED
    return member


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, default=str)


def _header(task: TaskResult, subject: Subject, scorer: str, summaries: list[dict[str, Any]]) -> dict[str, Any]:
    created = subject.created or _UNDATED
    scored = sum(bool(one["scores"]) for one in summaries)
    metrics = {"mean": task.mean, "stderr": task.stderr, **task.metrics}
    source = data_source(task.task)
    score = {
        "name": scorer,
        "scorer": scorer,
        "scored_samples": scored,
        "unscored_samples": len(summaries) - scored,
        "metrics": {name: {"name": name, "value": value} for name, value in metrics.items() if value is not None},
    }
    return {
        "version": 2,
        "status": "success",
        "eval": {
            "eval_id": _identity(task, subject),
            "run_id": digest([subject.model_id, subject.created]),
            "created": created,
            "task": task.task,
            "task_id": _identity(task, subject),
            "task_version": task.version,
            "dataset": {"name": source.hub or task.task, "location": source.hub or None, "samples": task.n},
            "model": subject.model_id,
            "model_generate_config": _generation(task),
            "config": {"epochs": max((one["epoch"] for one in summaries), default=1)},
            "packages": {"holdfast-llm": subject.version},
            "metadata": {"reward": dict(task.reward), "generation": dict(task.generation)},
        },
        "plan": {"name": "plan", "steps": [{"solver": "generate", "params": {}}]},
        "results": {"total_samples": len(summaries), "completed_samples": len(summaries), "scores": [score]},
        "stats": {"started_at": created, "completed_at": created},
    }


def _generation(task: TaskResult) -> dict[str, Any]:
    given = {"max_tokens": task.generation.get("max_gen_toks"), **task.generation}
    return {key: kind(given[key]) for key, kind in _GENERATION.items() if isinstance(given.get(key), int | float)}


def _samples(task: TaskResult, subject: Subject, scorer: str) -> Iterator[dict[str, Any]]:
    for row in subject.measurement.rows(task.task):
        yield _sample(row, subject.model_id, scorer, task.metric)


def _sample(row: Row, model: str, scorer: str, metric: str) -> dict[str, Any]:
    prompt_messages, completion_messages = _messages(row.prompt, "user"), _messages(row.completion, "assistant")
    last = next(
        (one for one in reversed(completion_messages) if one["role"] == "assistant"),
        {"role": "assistant", "content": ""},
    )
    parts = {"parts": dict(row.parts)} if row.parts else None
    score = {"value": row.score, "answer": row.extracted, "explanation": row.reason or None, "metadata": parts}
    usage = {} if row.tokens is None else {"input_tokens": 0, "output_tokens": row.tokens, "total_tokens": row.tokens}
    return {
        "id": row.doc_id,
        "epoch": row.repeat + 1,
        "input": row.prompt if isinstance(row.prompt, str) else prompt_messages,
        "target": _target(row.reference),
        "messages": [*prompt_messages, *completion_messages],
        "output": {
            "model": model,
            "choices": [{"message": last, "stop_reason": _STOPS.get(row.finish_reason or "", "unknown")}],
            **({"usage": usage} if usage else {}),
        },
        "scores": {} if row.score is None else {scorer: score},
        "metadata": {"category": row.category, "outcome": row.outcome, OURS: kept(row, metric)},
        "uuid": digest([row.task, row.doc_id, row.repeat]),
    }


def _target(reference: Any) -> str | list[str]:
    if isinstance(reference, list) and all(isinstance(one, str) for one in reference):
        return list(reference)
    return reference if isinstance(reference, str) else _json(reference)


_ROLES = frozenset({"system", "user", "assistant", "tool"})


def _messages(text: Text, role: str) -> list[dict[str, Any]]:
    """A text as one message; a conversation message by message, calls of tools as inspect writes them."""
    if isinstance(text, str):
        return [{"role": role, "content": text}]
    return [_message(message, number) for number, message in enumerate(text)]


def _message(message: Mapping[str, Any], number: int) -> dict[str, Any]:
    role = message.get("role") if message.get("role") in _ROLES else "assistant"
    found: dict[str, Any] = {"role": role, "content": _content(message.get("content"))}
    if message.get("tool_calls"):
        found["tool_calls"] = [_call(call, f"{number}-{index}") for index, call in enumerate(message["tool_calls"])]
    if role == "tool" and message.get("tool_call_id"):
        found["tool_call_id"] = str(message["tool_call_id"])
    return found


def _content(content: Any) -> str:
    return content if isinstance(content, str) else "" if content is None else _json(content)


def _call(call: Mapping[str, Any], default_id: str) -> dict[str, Any]:
    function = call.get("function") if isinstance(call.get("function"), Mapping) else call
    arguments = function.get("arguments") if isinstance(function, Mapping) else None
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except ValueError:
            arguments = {"arguments": arguments}
    name = str(function.get("name", "")) if isinstance(function, Mapping) else ""
    return {
        "id": str(call.get("id") or default_id),
        "function": name,
        "arguments": arguments if isinstance(arguments, dict) else {},
    }
