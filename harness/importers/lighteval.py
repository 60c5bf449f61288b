"""lighteval: `details_<task>_<time>.parquet` (written with --save-details).

Since 0.10 a row has three structs, `doc` (query, choices, gold_index, …), `model_response` (text, logprobs, …) and
`metric` ({name: value}), in some versions with two underscores around the names; before that `full_prompt`,
`predictions`, `gold`, `metrics` side by side.
"""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from holdfast.files import digest
from holdfast.importers.lm_eval_groups import grouped, groups_of
from holdfast.importers.recorded import Recorded, Rows, check_one_model, primary, recorded
from holdfast.importers.scores import LOSS, metric_score, oriented
from holdfast.records import read_records
from holdfast.runs.measurement import TaskResult
from holdfast.runs.row import Row
from holdfast.sample import Outcome

_NAME = re.compile(r"^details_(.+?)_\d{4}-\d\d-\d\dT.*$")


def read(path: Path) -> Recorded | None:
    """The measurement, or None when no details of lighteval's are there."""
    files = [path] if path.is_file() else sorted(path.rglob("details_*.parquet"))
    files = [one for one in files if one.suffix == ".parquet" and _is_detail(one)]
    if not files:
        return None
    check_one_model(path, {one: _model(one) for one in files})
    results = {_task(one): _result(one) for one in files}
    sources: dict[str, Rows] = {
        _task(one): partial(_rows, one, _task(one), results[_task(one)].metric) for one in files
    }
    sources, results = grouped(sources, results, groups_of(list(results), {}))
    return recorded(path, sources, results, {"name": _model(files[0])})


def _model(path: Path) -> str:
    """The model's name, read from `details/<organisation>/<model>/<time>/details_….parquet`."""
    return path.parent.parent.name


def _is_detail(path: Path) -> bool:
    first = next(iter(read_records(path)), ("", {}))[1]
    return _field(first, "metric") is not None and path.name.startswith("details_")


def _task(path: Path) -> str:
    found = _NAME.match(path.stem)
    return (found[1] if found else path.stem.removeprefix("details_")).replace("|", ":")


def _result(path: Path) -> TaskResult:
    name = primary(_present(_field(record, "metric")) for _, record in read_records(path))
    reward = {"name": f"lighteval:{name}", "version": "unknown", "options": {}}
    return TaskResult(_task(path), version="unknown", reward=reward, metric=oriented(name))


def _field(record: Mapping[str, Any], name: str) -> Any:
    for key in (name, f"__{name}__", f"{name}s"):
        if key in record:
            return record[key]
    return None


def _present(metrics: Any) -> dict[str, Any]:
    """Parquet gives every row every metric; those of other tasks are null."""
    return {key: value for key, value in dict(metrics or {}).items() if value is not None}


def _rows(path: Path, task: str, metric: str) -> Iterator[Row]:
    for index, (_, record) in enumerate(read_records(path)):
        yield _row(index, task, record, metric)


def _row(index: int, task: str, record: Mapping[str, Any], metric: str) -> Row:
    doc, response = _field(record, "doc") or {}, _field(record, "model_response") or {}
    metrics = _present(_field(record, "metric"))
    score = metric_score(metrics.get(metric.removeprefix(LOSS)), metric, f"{task}, row {index}")
    query = doc.get("query") or record.get("full_prompt") or record.get("example") or ""
    prompt = response.get("input") or record.get("full_prompt") or query
    reference = _gold(doc) if doc else record.get("gold")
    return Row(
        task=task,
        doc_id=str(doc.get("id") or index),
        doc_hash=digest([query, reference]),
        prompt_hash=digest(prompt),
        prompt=str(query),
        completion=_first_text(response.get("text") or record.get("predictions")) or _likeliest(doc, response),
        reference=reference,
        score=score,
        outcome=Outcome.of(score),
        parts={key: float(value) for key, value in metrics.items() if isinstance(value, int | float)},
    )


def _gold(doc: Mapping[str, Any]) -> Any:
    choices, index = doc.get("choices") or [], doc.get("gold_index")
    many = index if isinstance(index, list) else [index]
    found = [choices[one] for one in many if isinstance(one, int) and one < len(choices)]
    return found[0] if len(found) == 1 else found


def _likeliest(doc: Mapping[str, Any], response: Mapping[str, Any]) -> str:
    """The choice of the highest log-likelihood, for a task that generates nothing."""
    choices, values = doc.get("choices") or [], response.get("logprobs") or []
    best = max(range(len(values)), key=values.__getitem__, default=0)
    return str(choices[best]) if values and len(values) == len(choices) else ""


def _first_text(value: Any) -> str:
    while isinstance(value, list):
        value = value[0] if value else ""
    return "" if value is None else str(value)
