"""Inspect (inspect_ai): a log as `.eval` (a zip of JSON files) or `.json`, or a folder of one model's logs.

A sample: {"id": 1, "epoch": 1, "input": "…" or messages, "target": "18", "output": {"choices": [{"message": {"content":
"…"}, "stop_reason": "stop"}], "usage": {…}}, "scores": {"match": {"value": "C", "answer": "18", "explanation": "…"}}}
"""

import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from holdfast.errors import DataError, install_hint
from holdfast.files import digest, read_json
from holdfast.importers.lm_eval_export import OURS, kept_metric, kept_of
from holdfast.importers.recorded import Recorded, check_one_model, recorded
from holdfast.importers.scores import metric_score, number, oriented
from holdfast.runs.measurement import TaskResult
from holdfast.runs.row import Row
from holdfast.sample import Outcome, final_text, message_text


def read(path: Path) -> Recorded | None:
    """The measurement, or None when it is not an inspect log."""
    logs = {log: header["eval"] for log in _logs(path) if (header := _header(log))}
    if not logs:
        return None
    check_one_model(path, {log: str(task.get("model", "")) for log, task in logs.items()})
    results = {_name(log, task): _result(log, task) for log, task in logs.items()}  # of one task the newest log
    sources = {name: partial(_rows, log, name, scorer) for name, (log, scorer, _) in results.items()}
    model = str(next(iter(logs.values())).get("model", ""))
    return recorded(path, sources, {name: result for name, (_, _, result) in results.items()}, {"name": model})


def _logs(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(path.rglob("*.eval")) or sorted(path.rglob("[12][0-9][0-9][0-9]-*T*.json"))


def _name(log: Path, task: Mapping[str, Any]) -> str:
    return str(task.get("task", log.stem)).rpartition("/")[2]


def _result(log: Path, task: Mapping[str, Any]) -> tuple[Path, str, TaskResult]:
    """The log, the scorer that counts, and what is recorded of the task."""
    scorer = _scorer(log)
    result = TaskResult(
        task=_name(log, task),
        version=str(task.get("task_version", "unknown")),
        reward={"name": f"inspect:{scorer}", "version": "unknown", "options": {}},
        generation=dict(task.get("model_generate_config") or {}),
        metric=_kept_metric(log) or oriented(scorer),
    )
    return log, scorer, result


def _header(path: Path) -> dict[str, Any] | None:
    if path.suffix == ".eval" and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as log:
            inside = log.namelist()
            name = "header.json" if "header.json" in inside else "_journal/start.json"
            found = json.loads(_member(log, name, path)) if name in inside else {}
    elif path.suffix == ".json" and path.is_file() and path.read_text(encoding="utf-8").lstrip().startswith("{"):
        found = read_json(path)
    else:
        return None
    return found if isinstance(found.get("eval"), dict) and "task" in found["eval"] else None


def _samples(path: Path) -> Iterator[dict[str, Any]]:
    if path.suffix == ".json":
        yield from read_json(path).get("samples") or []
        return
    with zipfile.ZipFile(path) as log:
        for name in sorted(log.namelist()):
            if name.startswith("samples/") and name.endswith(".json"):
                yield json.loads(_member(log, name, path))


def _member(log: zipfile.ZipFile, name: str, path: Path) -> bytes:
    """A file of the archive. Newer logs are compressed with Zstandard, which Python's zipfile learns in 3.14."""
    entry = log.getinfo(name)
    if entry.compress_type != _ZSTD:
        return log.read(name)
    try:
        import pyarrow
    except ImportError as error:
        raise DataError(
            f"{path} is compressed with Zstandard, which needs pyarrow (`{install_hint('eval')}`), or write it "
            "anew with `inspect log convert --to json`"
        ) from error
    with path.open("rb") as stream:
        stream.seek(entry.header_offset + 26)  # the local header's last two fields: lengths of name and extra
        lengths = stream.read(4)
        stream.seek(int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little"), 1)
        packed = stream.read(entry.compress_size)
    return bytes(pyarrow.Codec("zstd").decompress(packed, entry.file_size, asbytes=True))


_ZSTD = 93
"""The compression's number in the zip format."""


def _scorer(path: Path) -> str:
    """The first scorer of the first sample that has one."""
    return next((next(iter(one["scores"])) for one in _samples(path) if one.get("scores")), "score")


def _kept_metric(path: Path) -> str | None:
    """The metric of a log that we wrote."""
    first: Mapping[str, Any] = next(iter(_samples(path)), {})
    return kept_metric((first.get("metadata") or {}).get(OURS))


def _rows(path: Path, name: str, scorer: str) -> Iterator[Row]:
    for sample in _samples(path):
        yield _row(sample, name, scorer)


def _row(sample: Mapping[str, Any], name: str, scorer: str) -> Row:
    score = (sample.get("scores") or {}).get(scorer) or {}
    held, given = (sample.get("metadata") or {}).get(OURS), score.get("value")
    where = f"{name}, sample {sample['id']}"
    value = number(given) if kept_metric(held) else metric_score(given, oriented(scorer), where)
    sample = _attached(sample, sample.get("attachments") or {})
    prompt = sample.get("input", "")
    choice: Mapping[str, Any] = next(iter((sample.get("output") or {}).get("choices") or []), {})
    usage = (sample.get("output") or {}).get("usage") or {}
    row = Row(
        task=name,
        doc_id=str(sample["id"]),
        doc_hash=digest([prompt, sample.get("target")]),
        prompt_hash=digest(prompt),
        prompt=prompt,
        completion=_completion(sample, choice),
        reference=sample.get("target"),
        score=value,
        outcome=Outcome.of(value),
        reason=str(score.get("explanation") or "")[:300],
        extracted=score.get("answer"),
        repeat=int(sample.get("epoch", 1)) - 1,
        finish_reason={"max_tokens": "length", "model_length": "length"}.get(
            str(choice.get("stop_reason")), choice.get("stop_reason")
        ),
        tokens=usage.get("output_tokens"),
    )
    return replace(row, **kept_of(held))


def _attached(value: Any, attachments: Mapping[str, Any]) -> Any:
    """The value with the texts that inspect keeps apart put back in their places."""
    if not attachments:
        return value
    if isinstance(value, str) and value.startswith("attachment://"):
        return attachments.get(value.removeprefix("attachment://"), value)
    if isinstance(value, Mapping):
        return {key: one if key == "attachments" else _attached(one, attachments) for key, one in value.items()}
    return [_attached(one, attachments) for one in value] if isinstance(value, list) else value


def _completion(sample: Mapping[str, Any], choice: Mapping[str, Any]) -> str:
    message = choice.get("message")
    return message_text(message) if message else final_text(sample.get("messages") or "")
