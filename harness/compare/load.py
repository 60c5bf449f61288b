"""Reading what is compared: a run directory, a measurement, a file of scored samples, another harness's output."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from holdfast.compare.columns import Table, read_tables
from holdfast.compare.row_source import FileSource, RowSource, Source
from holdfast.errors import DataError
from holdfast.files import digest, read_json
from holdfast.records import SUFFIXES, pick, read_records, require_file
from holdfast.runs.measurement import Measurement, TaskResult, read_measurement
from holdfast.runs.row import Row
from holdfast.sample import Outcome

_OURS = frozenset({"doc_id", "doc_hash", "prompt_hash", "prompt", "completion", "score", "outcome"})
_IDS = ("id", "doc_id", "task_id", "key", "question_id", "uid")
_PROMPTS = ("prompt", "question", "input", "instruction", "problem")
_REFERENCES = ("reference", "answer", "ground_truth", "target", "expected", "gold")
_COMPLETIONS = ("completion", "response", "output", "solution", "generation", "prediction")
_SCORES = ("score", "correct", "is_correct", "is_solved", "passed", "acc", "exact_match")


_NAMELESS = "samples"
"""What a benchmark is called whose rows do not say."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a table that is not ours holds what (dotted paths); None: the usual names are tried."""

    score: str | None = None
    id: str | None = None
    prompt: str | None = None
    completion: str | None = None
    reference: str | None = None
    category: str | None = None
    cluster: str | None = None
    task: str | None = None
    """The benchmark's name (not a column)."""
    scale: float = 1.0
    """Scores are divided by this: 10 for judgements from 0 to 10."""


@dataclass(slots=True)
class Samples(Measurement):
    """A bare file of scored samples: nothing says how they were made."""

    source: Source = field(kw_only=True)
    cached: dict[str, Table] = field(default_factory=dict)

    def rows(self, task: str) -> Iterator[Row]:
        """The rows of a task, streamed."""
        for record in self.source.records():
            if str(record.get("task") or _NAMELESS) == task:
                yield Row.from_json(record, str(self.directory))


def load(path: str | Path, columns: Columns | None = None) -> Measurement:
    """The measurement at `path`. Raises DataError when nothing that can be compared is there.

    A run directory stands for its `after/` (or `before/` when there is no other); `columns` say how to read a table
    that is not ours.
    """
    place = Path(path)
    if place.is_dir():
        for candidate in (place, place / "after", place / "before"):
            if (candidate / "results.json").is_file() and _is_measurement(candidate):
                return read_measurement(candidate)
        return _foreign(place, None)
    if not place.name.endswith(SUFFIXES) and place.is_file():
        return _foreign(place, None)
    require_file(place)
    _, first = next(read_records(place))
    if columns is None and set(first) >= _OURS:
        return samples(place, FileSource(place))
    return _foreign(place, columns or Columns(), first)


def samples(path: Path, source: Source) -> Samples:
    """A measurement of rows without provenance. Raises DataError when there are none."""
    tables = read_tables(source)
    if not tables:
        raise DataError(f"{path} holds no rows")
    tasks = {name: TaskResult(name, version="", n=len(set(table.doc_id))) for name, table in tables.items()}
    return Samples(path, tasks, source=source, cached=tables)


def tables_of(measurement: Measurement, tasks: list[str]) -> dict[str, tuple[Table, Source]]:
    """The named tasks in columns, each with the source its texts can be fetched from."""
    if isinstance(measurement, Samples):
        held = measurement.cached or read_tables(measurement.source)
        return {task: (held[task], measurement.source) for task in tasks}
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
    usual = _usual(columns, first)
    if usual.score is None:
        raise DataError(f"{path}: no column holds scores; name it with score=… (there are: {', '.join(first)})")
    return samples(path, RowSource(lambda: _rows(path, usual)))


def _is_measurement(folder: Path) -> bool:
    return "tasks" in read_json(folder / "results.json")


def _foreign(path: Path, columns: Columns | None, first: Mapping[str, Any] | None = None) -> Measurement:
    """Another harness's output, else a table with a column of scores."""
    if columns is None or columns.score is None:
        from holdfast import importers

        found = getattr(importers, "read", lambda _: None)(path)
        if isinstance(found, Measurement):
            return found
    if columns is not None:
        return columns_of(path, columns)
    raise DataError(
        f"{path} is neither a run of Holdfast (results.json and samples/) nor an output of a harness it can read"
    )


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
        columns.category,
        columns.cluster,
        columns.task,
        columns.scale,
    )


def _present(names: tuple[str, ...], record: Mapping[str, Any], inside: str) -> str | None:
    holder = pick(record, inside, "first record") if inside else record
    if not isinstance(holder, Mapping):
        return None
    found = next((name for name in names if name in holder), None)
    return found and (f"{inside}.{found}" if inside else found)


def _rows(path: Path, columns: Columns) -> Iterator[Row]:
    assert columns.score is not None
    ranks: dict[str, Iterator[int]] = {}
    for index, (where, record) in enumerate(read_records(path)):
        prompt = _text(record, columns.prompt, where)
        doc_id = str(pick(record, columns.id, where)) if columns.id else str(index)
        reference = pick(record, columns.reference, where) if columns.reference else None
        score = _number(pick(record, columns.score, where), columns, where)
        outcome = Outcome.of(score)
        yield Row(
            task=columns.task or _named(record),
            doc_id=doc_id,
            doc_hash=digest([prompt or doc_id, reference]),
            prompt_hash=digest(prompt),
            prompt=prompt,
            completion=_text(record, columns.completion, where),
            reference=reference,
            score=score,
            outcome=outcome,
            repeat=next(ranks.setdefault(doc_id, itertools.count())),
            category=_label(record, columns.category, where),
            cluster=_label(record, columns.cluster, where),
        )


def _named(record: Mapping[str, Any]) -> str:
    """The row's own task. Never the file's name: two files to compare hold the same benchmark under two names."""
    task = record.get("task")
    return task if isinstance(task, str) and task else _NAMELESS


def _number(value: Any, columns: Columns, where: str) -> float | None:
    if value is None:
        return None
    if not isinstance(value, bool | int | float):
        raise DataError(f"{where}: {columns.score!r} must be a number or a truth value, not {value!r:.60}")
    score = float(value) / columns.scale
    if not 0 <= score <= 1:
        raise DataError(f"{where}: a score must lie between 0 and 1, not {score:g}; scale=10 divides by 10")
    return score


def _text(record: Mapping[str, Any], path: str | None, where: str) -> str:
    value = pick(record, path, where) if path else ""
    return value if isinstance(value, str) else str(value)


def _label(record: Mapping[str, Any], path: str | None, where: str) -> str | None:
    return str(pick(record, path, where)) if path else None
