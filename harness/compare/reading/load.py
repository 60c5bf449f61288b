"""Reading what is compared: a run directory, a measurement, a file of scored samples, another harness's output."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from holdfast.compare.reading.columns import Table, read_tables
from holdfast.compare.reading.row_source import FileSource, RowSource, Source
from holdfast.errors import DataError, UsageError
from holdfast.files import digest, missing, read_json
from holdfast.importers.aggregates import refuse_leaderboard
from holdfast.importers.scores import LOSS, Direction, direction_of, read_score
from holdfast.importers.table import Columns
from holdfast.records import SUFFIXES, pick, read_records, require_file
from holdfast.runs.measurement import Measurement, TaskResult, read_measurement
from holdfast.runs.row import Row
from holdfast.sample import Outcome

_OURS = frozenset({"doc_id", "doc_hash", "prompt_hash", "prompt", "completion", "score", "outcome"})
_IDS = ("id", "doc_id", "task_id", "key", "question_id", "uid")
_PROMPTS = ("prompt", "question", "input", "instruction", "problem")
_REFERENCES = ("reference", "answer", "ground_truth", "target", "expected", "gold")
_COMPLETIONS = ("completion", "response", "output", "solution", "generation", "prediction")
_SCORES = (
    "score",
    "correct",
    "is_correct",
    "is_solved",
    "passed",
    "acc",
    "exact_match",
    "brier",
    "perplexity",
    "errors",
)
_MODELS = ("model", "model_name", "model_id", "generator")
_CATEGORIES = ("category", "subject", "subset", "subtask", "domain")


_NAMELESS = "samples"
"""What a benchmark is called whose rows do not say."""


@dataclass(slots=True)
class Samples(Measurement):
    """A bare file of scored samples: nothing says how they were made."""

    source: Source = field(kw_only=True)
    cached: dict[str, Table] = field(default_factory=dict)
    part: str = ""
    """What of the file: a column, a model."""

    def rows(self, task: str) -> Iterator[Row]:
        """The rows of a task, streamed."""
        for _, record in self.source.fetch(self.cached[task].number):
            yield Row.from_json(record, str(self.directory))


def _require(location: Path) -> None:
    """Raise DataError where nothing lies, naming the nearest folder or file that does."""
    if not location.exists():
        beside = location.parent if location.parent.is_dir() else Path()
        names = [entry.name for entry in beside.iterdir() if entry.is_dir() or entry.name.endswith(SUFFIXES)]
        raise missing(location, "file or run", names)
    require_file(location)


def load(path: str | Path, columns: Columns | None = None) -> Measurement:
    """The measurement at `path`. Raises DataError when nothing that can be compared is there.

    A run directory stands for its `after/` (or `before/` when there is no other); `columns` say how to read a table
    that is not ours.
    """
    location = Path(path)
    if location.is_dir():
        _check_tables_only(location, columns)
        measured = measured_folder(location)
        return _foreign(location, None) if measured is None else read_measurement(measured)
    if not location.name.endswith(SUFFIXES) and location.is_file():
        _check_tables_only(location, columns)
        return _foreign(location, None)
    _require(location)
    if columns is None and location.name.endswith((".json", ".json.gz")) and (found := _imported(location)) is not None:
        return found
    _, first = next(read_records(location))
    if columns is None and set(first) >= _OURS:
        return samples(location, FileSource(location))
    return _foreign(location, columns or Columns())


def measured_folder(run: Path) -> Path | None:
    """The folder of a run's directory with what `load` reads; None for what is no run of ours."""
    for candidate in (run, run / "after", run / "before"):
        if (candidate / "results.json").is_file() and _is_measurement(candidate):
            return candidate
    return None


def _check_tables_only(path: Path, columns: Columns | None) -> None:
    """Raise UsageError for columns of what is no table: it names its own. A direction is the comparison's affair."""
    for each in fields(Columns):
        if columns is not None and each.name != "direction" and getattr(columns, each.name) != each.default:
            raise UsageError(f"{each.name}= is for tables: {path} is a run, which says itself where it holds what")


def samples(path: Path, source: Source, metric: str = "score", model: str | None = None) -> Samples:
    """A measurement of rows without provenance. Raises DataError when there are none."""
    tables = read_tables(source)
    if not tables:
        raise DataError(f"{path} holds no rows")
    tasks = {
        name: TaskResult(name, version="", n=len(set(table.doc_id)), metric=metric) for name, table in tables.items()
    }
    return Samples(path, tasks, {"name": model} if model else {}, source=source, cached=tables)


def tables_of(measurement: Measurement, tasks: list[str]) -> dict[str, tuple[Table, Source]]:
    """The named tasks in columns, each with the source its texts can be fetched from."""
    if isinstance(measurement, Samples):
        tables = measurement.cached or read_tables(measurement.source)
        return {task: (tables[task], measurement.source) for task in tasks}
    return {task: _task_table(measurement, task) for task in tasks}


def _task_table(measurement: Measurement, task: str) -> tuple[Table, Source]:
    path = measurement.sample_file(task)
    source: Source = FileSource(path)
    if type(measurement) is not Measurement:  # a reader's own class knows where its rows are
        source = RowSource(lambda: measurement.rows(task))
    tables = read_tables(source)
    merged = tables.get(task) or next(iter(tables.values()), None)
    if merged is None:
        raise DataError(f"{path} holds no rows")
    return merged, source


def columns_of(path: Path, columns: Columns) -> Samples:
    """A table that is not ours, read by its columns. Raises DataError naming the columns there are."""
    require_file(path)
    _, first = next(read_records(path))
    refuse_leaderboard(path, first)
    usual = _usual(columns, first)
    if usual.score is None:
        raise DataError(f"{path}: no column holds scores; name it with score=… (there are: {', '.join(first)})")
    metric = usual.score.rpartition(".")[2]
    metric = f"{LOSS}{metric}" if usual.direction == "lower" else "score"
    found = samples(path, RowSource(lambda: _rows(path, usual)), metric, usual.model)
    found.part = f"{usual.score} {usual.model or ''}".strip()
    return found


def models_of(path: Path) -> frozenset[str]:
    """The models that a table's rows name; empty when they name none."""
    require_file(path)
    found: set[str] = set()
    for _, record in read_records(path):
        column = next((name for name in _MODELS if isinstance(record.get(name), str)), None)
        if column is None:
            return frozenset()
        found.add(str(record[column]))
    return frozenset(found)


def _is_measurement(folder: Path) -> bool:
    return "tasks" in read_json(folder / "results.json")


def _foreign(path: Path, columns: Columns | None) -> Measurement:
    """Another harness's output, else a table with a column of scores."""
    if (columns is None or columns.score is None) and (found := _imported(path)) is not None:
        _check_tables_only(path, columns)
        return found
    if columns is not None:
        return columns_of(path, columns)
    raise DataError(
        f"{path} is neither a run of Holdfast (results.json and samples/) nor an output of a harness it can read"
    )


def _imported(path: Path) -> Measurement | None:
    """Another harness's output; None when it is none."""
    from holdfast import importers

    return importers.read(path)


def _usual(columns: Columns, first: Mapping[str, Any]) -> Columns:
    """The columns with the usual names filled in where they occur; the completion's is sought beside the score's."""
    score = columns.score or _present(_SCORES, first, "")
    beside = score.rpartition(".")[0] if score else ""
    return Columns(
        score,
        columns.id or _present(_IDS, first, ""),
        columns.prompt or _present(_PROMPTS, first, ""),
        columns.completion
        or (_present(_COMPLETIONS, first, beside) if beside else None)
        or _present(_COMPLETIONS, first, ""),
        columns.reference or _present(_REFERENCES, first, ""),
        columns.category or _present(_CATEGORIES, first, ""),
        columns.cluster,
        columns.task,
        columns.scale,
        columns.model,
        columns.direction or _recorded_direction(first) or direction_of(score or ""),
    )


def _recorded_direction(first: Mapping[str, Any]) -> Direction | None:
    """What a table says of its scores: `higher_is_better` or `direction` in its rows."""
    if str(first.get("higher_is_better")).lower() in ("true", "false"):
        return "higher" if str(first["higher_is_better"]).lower() == "true" else "lower"
    direction = str(first.get("direction")).lower()
    return {"lower": "lower", "higher": "higher", "minimize": "lower", "maximize": "higher"}.get(direction)  # type: ignore[return-value]


def _present(names: tuple[str, ...], record: Mapping[str, Any], inside: str) -> str | None:
    holder = pick(record, inside, "first record") if inside else record
    if not isinstance(holder, Mapping):
        return None
    found = next((name for name in names if name in holder), None)
    return found and (f"{inside}.{found}" if inside else found)


def _rows(path: Path, columns: Columns) -> Iterator[Row]:
    assert columns.score is not None
    assert columns.direction is not None
    ranks: dict[str, Iterator[int]] = {}
    models = _Models(path, columns.model)
    for index, (where, record) in enumerate(read_records(path)):
        if not models.takes(record):
            continue
        prompt = _text(record, columns.prompt, where)
        doc_id = str(pick(record, columns.id, where)) if columns.id else str(index)
        reference = pick(record, columns.reference, where) if columns.reference else None
        score = read_score(pick(record, columns.score, where), columns.score, columns.scale, columns.direction, where)
        category = _label(record, columns.category, where)
        outcome = Outcome.of(score)
        yield Row(
            task=columns.task or _task_of(record),
            doc_id=doc_id,
            doc_hash=digest([prompt or doc_id, reference] if prompt else [doc_id, category, reference]),
            prompt_hash=digest(prompt),
            prompt=prompt,
            completion=_text(record, columns.completion, where),
            reference=reference,
            score=score,
            outcome=outcome,
            repeat=next(ranks.setdefault(f"{category} {doc_id} {prompt}", itertools.count())),
            category=category,
            cluster=_label(record, columns.cluster, where),
        )


def _task_of(record: Mapping[str, Any]) -> str:
    """The row's own task. Never the file's name: two files to compare hold the same benchmark under two names."""
    task = record.get("task")
    return task if isinstance(task, str) and task else _NAMELESS


class _Models:
    """Takes the rows of one model: rows of several are never mixed."""

    def __init__(self, path: Path, wanted: str | None) -> None:
        self.path, self.wanted, self.column, self.first = path, wanted, "", ""

    def takes(self, record: Mapping[str, Any]) -> bool:
        """Whether a row is the wanted model's. Raises DataError for rows of several models where none was chosen."""
        column = self.column or next((name for name in _MODELS if isinstance(record.get(name), str)), "")
        if not column:
            return True
        self.column, name = column, str(record.get(column))
        if self.wanted is not None:
            return name == self.wanted
        self.first = self.first or name
        if name != self.first:
            raise DataError(
                f"{self.path} holds several models ({self.first!r}, {name!r}, …): model=NAME takes the rows of one; "
                f"before={self.first} after={name} compares two"
            )
        return True


def _text(record: Mapping[str, Any], path: str | None, where: str) -> str:
    value = pick(record, path, where) if path else ""
    return value if isinstance(value, str) else str(value)


def _label(record: Mapping[str, Any], path: str | None, where: str) -> str | None:
    return str(pick(record, path, where)) if path else None
