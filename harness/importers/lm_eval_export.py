"""A measurement of ours in lm-evaluation-harness' files, so that what reads lm-eval's reads ours too."""

import json
import time
from pathlib import Path
from typing import Any

from holdfast.files import write_json, write_stream
from holdfast.quantities import epoch_seconds
from holdfast.runs.measurement import Measurement, TaskResult, file_name
from holdfast.runs.row import Row
from holdfast.sample import Text

OURS = "holdfast"
"""What lm-eval's and inspect's rows have no field for; our readers take it back."""


def kept(row: Row, metric: str) -> dict[str, Any]:
    """A row's facts below `OURS`, and the metric that its score is of: losses are turned round in it already."""
    names = ("doc_hash", "prompt_hash", "repeat", "category", "cluster", "outcome", "reason", "extracted", "tokens")
    facts = {name: getattr(row, name) for name in (*names, "finish_reason", "rendered", "parts")}
    return facts | {"metric": metric}


def kept_of(held: Any) -> dict[str, Any]:
    """What `kept` wrote, as fields of a row; nothing for rows that others wrote."""
    known = set(Row.__dataclass_fields__) - {"score"}
    return {name: value for name, value in held.items() if name in known} if isinstance(held, dict) else {}


def kept_metric(held: Any) -> str | None:
    """The metric that `kept` wrote; None for rows that others wrote."""
    metric = held.get("metric") if isinstance(held, dict) else None
    return metric if isinstance(metric, str) else None


def write(measurement: Measurement, directory: Path, created: str = "") -> list[Path]:
    """Write results_<time>.json and samples_<task>_<time>.jsonl below `directory`; returns their paths. `created` is
    when it was measured (2026-11-01T10:00:00Z), else now."""
    date = created or time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    stamp = f"{date[:19].replace(':', '-')}.000000"
    paths = [directory / f"results_{stamp}.json"]
    write_json(paths[0], _results(measurement, date))
    for task, result in measurement.tasks.items():
        path = directory / f"samples_{file_name(task)}_{stamp}.jsonl"
        lines = (json.dumps(_sample(row, result), ensure_ascii=True) + "\n" for row in measurement.rows(task))
        write_stream(path, lines)
        paths.append(path)
    return paths


def _results(measurement: Measurement, date: str) -> dict[str, Any]:
    tasks = measurement.tasks.items()
    return {
        "results": {name: _numbers(result) for name, result in tasks},
        "group_subtasks": {name: [] for name, _ in tasks},
        "configs": {name: _config(result) for name, result in tasks},
        "versions": {name: result.version for name, result in tasks},
        "n-shot": {name: result.generation.get("fewshot", 0) for name, result in tasks},
        "n-samples": {name: {"original": result.n, "effective": result.n} for name, result in tasks},
        "config": {"model": measurement.model.get("name", ""), "model_args": ""},
        "model_name": measurement.model.get("name", ""),
        "date": epoch_seconds(date),
        "higher_is_better": {name: {result.metric: True} for name, result in tasks},
    }


def _numbers(result: TaskResult) -> dict[str, Any]:
    found = {"alias": result.task, f"{result.metric},none": result.mean, f"{result.metric}_stderr,none": result.stderr}
    return found | {f"{name},none": value for name, value in result.metrics.items()}


def _config(result: TaskResult) -> dict[str, Any]:
    generation = {
        key: value for key, value in result.generation.items() if key in ("until", "max_gen_toks", "do_sample")
    }
    return {
        "task": result.task,
        "num_fewshot": result.generation.get("fewshot", 0),
        "generation_kwargs": generation,
        "metadata": {"version": result.version, "reward": dict(result.reward)},
    }


def _sample(row: Row, result: TaskResult) -> dict[str, Any]:
    request = row.rendered if row.rendered is not None else _string(row.prompt)  # lm-eval's requests are texts
    changed = {"prompt": row.prompt} if request != row.prompt else {}
    changed |= {"completion": row.completion} if not isinstance(row.completion, str) else {}
    return {
        "doc_id": row.doc_id,
        "doc": {"prompt": row.prompt, "reference": row.reference, "category": row.category},
        "target": row.reference,
        "arguments": {"gen_args_0": {"arg_0": request, "arg_1": dict(result.generation)}},
        "resps": [[_string(row.completion)]],
        "filtered_resps": [row.extracted if row.extracted is not None else _string(row.completion)],
        "filter": "none",
        "metrics": [result.metric],
        "doc_hash": row.doc_hash,
        "prompt_hash": row.prompt_hash,
        "target_hash": row.doc_hash,
        OURS: kept(row, result.metric) | changed,
        result.metric: row.score,
    }


def _string(text: Text) -> str:
    """A conversation as JSON, as lm-eval keeps those of its chat models."""
    return text if isinstance(text, str) else json.dumps(text, ensure_ascii=False)
