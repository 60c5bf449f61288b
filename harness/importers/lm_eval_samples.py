"""lm-evaluation-harness: `samples_<task>_<time>.jsonl` (written with --log_samples), alone or a folder of them.

One row: {"doc_id": 0, "doc": {…}, "target": "18", "arguments": {"gen_args_0": {"arg_0": prompt, …}}, "resps": [["…"]],
"filtered_resps": ["18"], "filter": "strict-match", "metrics": ["exact_match"], "doc_hash": "…", "prompt_hash": "…",
"target_hash": "…", "exact_match": 1.0}; a task with several filters has several rows per doc. Before 0.4.7 a row named
neither filter nor metrics, before 2024-06 it had no hashes, and the file was called after the model and the task.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from holdfast.files import digest, read_json, read_jsonl
from holdfast.importers.lm_eval_export import OURS, kept_metric, kept_of
from holdfast.importers.lm_eval_groups import grouped, groups_of
from holdfast.importers.recorded import Recorded, Rows, check_one_model, primary, recorded
from holdfast.importers.scores import LOSS, metric_score, number, oriented
from holdfast.runs.measurement import TaskResult
from holdfast.runs.row import Row
from holdfast.sample import Outcome

PREFERRED = ("acc_norm", "acc", "exact_match", "prompt_level_strict_acc", "pass@1", "f1")
_NEEDED = frozenset({"doc_id", "arguments", "resps", "filtered_resps"})
_FIELDS = _NEEDED | {"doc", "target", "doc_hash", "prompt_hash", "target_hash", "filter", "metrics"}
"""Fields of a row that are no metrics."""
_TIME = re.compile(r"_\d{4}-\d\d-\d\dT[\d\-.]+$")


def find(path: Path) -> list[Path]:
    """The sample files at `path` (below it, the newest of each task and folder); none when it is not lm-eval's."""
    if path.is_file():
        first = next(iter(_records(path)), None) if path.suffix == ".jsonl" else None
        return [path] if first is not None and set(first) >= _NEEDED else []
    files = sorted(path.rglob("samples_*.jsonl")) or sorted(path.glob("*.jsonl"))
    newest = {(one.parent, task_name(one)): one for one in files}
    return [one for one in newest.values() if find(one)]


def read(path: Path) -> Recorded | None:
    """The measurement, or None when nothing of lm-eval's is there."""
    files = find(path)
    if not files:
        return None
    check_one_model(path, {one.parent: _results(one).get("model_name") or one.parent.name for one in files})
    config = _results(files[0])
    sources: dict[str, Rows] = {}
    results = {}
    for file in files:
        name = task_name(file)
        chosen = _filter(file)
        results[name] = _result(name, file, chosen, config)
        sources[name] = partial(_rows, file, name, chosen, results[name].metric)
    sources, results = grouped(sources, results, groups_of(list(results), config.get("group_subtasks") or {}))
    model = {"name": config.get("model_name") or config.get("config", {}).get("model", "")}
    return recorded(path, sources, results, model)


def task_name(path: Path) -> str:
    """`samples_gsm8k_2024-07-18T….jsonl` → gsm8k; before 2024-06 `<model>_gsm8k.jsonl` beside a results.json."""
    name = path.name.removesuffix(".jsonl")
    if name.startswith("samples_"):
        return _TIME.sub("", name.removeprefix("samples_"))
    tasks = [task for task in _results(path).get("configs", {}) if name.endswith(f"_{task}")]
    return max(tasks, key=len, default=name)


def _records(path: Path) -> Iterator[dict[str, Any]]:
    return (record for _, record in read_jsonl(path))


def _filter(path: Path) -> str:
    """The first filter of the file is the one that counts."""
    return str(next(iter(_records(path))).get("filter", "none"))


def _results(samples: Path) -> dict[str, Any]:
    """The results file beside the samples, when it is there."""
    found = sorted([*samples.parent.glob("results_*.json"), *samples.parent.glob("results.json")])
    return read_json(found[-1]) if found else {}


def _result(name: str, path: Path, chosen: str, config: Mapping[str, Any]) -> TaskResult:
    ours = kept_metric(next(iter(_records(path))).get(OURS))
    metric = ours or primary((_metrics(record) for record in _records(path)), PREFERRED)
    better = True if ours else (config.get("higher_is_better", {}).get(name) or {}).get(metric)
    settings = config.get("configs", {}).get(name, {})
    shots = settings.get("num_fewshot")
    return TaskResult(
        task=name,
        version=str(config.get("versions", {}).get(name, "unknown")),
        reward={"name": f"lm_eval:{metric},{chosen}", "version": "unknown", "options": {}},
        generation={**(settings.get("generation_kwargs") or {}), **({} if shots is None else {"fewshot": shots})},
        metric=oriented(metric, better),
    )


def _rows(path: Path, name: str, chosen: str, metric: str) -> Iterator[Row]:
    """The rows of each doc's first filter: by its name, or in older files by their order."""
    seen: set[str] = set()
    for record in _records(path):
        first = str(record["doc_id"]) not in seen
        if "filter" not in record:
            seen.add(str(record["doc_id"]))
        if str(record.get("filter", "none")) == chosen and ("filter" in record or first):
            yield _row(record, name, metric)


def _metrics(record: Mapping[str, Any]) -> dict[str, Any]:
    """A row's metrics by name; older rows do not say which of their fields these are."""
    named = record.get("metrics")
    names = named if named is not None else [key for key in record if key not in _FIELDS]
    return {key: _per_item(key, record.get(key)) for key in names}


def _per_item(metric: str, value: Any) -> Any:
    """One item's number of a metric that lm-eval sums up in its own way: perplexities are kept as log-likelihoods (with
    the words or bytes they are of), Brier scores as [right option, probabilities]; others as they are."""
    pair = isinstance(value, list) and len(value) == 2
    if metric.endswith("perplexity") or metric == "bits_per_byte":
        if pair and all(number(one) is not None for one in value) and value[1] > 0:
            value = value[0] / value[1]
        if not isinstance(value, int | float) or value > 0:
            return value
        return -value / math.log(2) if metric == "bits_per_byte" else math.exp(min(-value, 700.0))
    if metric == "brier_score" and pair and isinstance(value[0], int) and isinstance(value[1], list):
        return sum((p - (index == value[0])) ** 2 for index, p in enumerate(value[1])) / 2
    return value


def _row(record: Mapping[str, Any], name: str, metric: str) -> Row:
    metrics = _metrics(record)
    held, where = record.get(OURS), f"{name}, document {record['doc_id']}"
    if kept_metric(held):
        score = number(record.get(metric))
    else:
        score = metric_score(metrics.get(metric.removeprefix(LOSS)), metric, where)
    row = Row(
        task=name,
        doc_id=str(record["doc_id"]),
        doc_hash=str(record.get("doc_hash") or digest(record.get("doc"))),
        prompt_hash=str(record.get("prompt_hash") or digest(record["arguments"])),
        prompt=_prompt(record.get("arguments")),
        completion=_completion(record.get("resps")),
        reference=record.get("target"),
        score=score,
        outcome=Outcome.of(score),
        extracted=_text(record.get("filtered_resps")),
        parts={key: float(value) for key, value in metrics.items() if isinstance(value, int | float)},
    )
    return replace(row, **kept_of(held))


def _prompt(arguments: Any) -> str:
    """The first request's context; it is a list of pairs, or since 0.4.3 a mapping of mappings."""
    if isinstance(arguments, Mapping):
        arguments = [list(one.values()) for one in arguments.values()]
    return str(arguments[0][0]) if arguments and arguments[0] else ""


def _completion(responses: Any) -> str:
    """The text, or for a comparison of options their log-likelihoods as they are."""
    while isinstance(responses, list) and len(responses) == 1:
        responses = responses[0]
    return responses if isinstance(responses, str) else str(responses)


def _text(value: Any) -> str | None:
    value = value[0] if isinstance(value, list) and value else value
    return value if isinstance(value, str) else None
