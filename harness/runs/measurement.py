"""A run on disk: directories, the manifest, and a measurement (results.json + samples/*.jsonl)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from holdfast.errors import DataError
from holdfast.files import read_json, write_json
from holdfast.runs.aggregates import ItemMeans
from holdfast.runs.row import SCHEMA_VERSION, Row, read_rows


@dataclass(slots=True)
class TaskResult:
    """One benchmark of one measurement, and everything that must agree before two are compared."""

    task: str
    version: str = "1"
    """The version of the task's definition (prompt, few-shot, items)."""
    reward: Mapping[str, Any] = field(default_factory=dict)
    """Name, version and options of the reward that scored it."""
    generation: Mapping[str, Any] = field(default_factory=dict)
    """Generation arguments, chat template or not, few-shot."""
    metric: str = "score"
    n: int = 0
    """Items (not repeats)."""
    mean: float | None = None
    """Mean score of the judged rows; None when there is none."""
    stderr: float | None = None
    unjudged: int = 0
    truncated: int = 0
    chance: float | None = None
    """Score of blind guessing, where it is known (1/4 for four options)."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """Secondary numbers (pass@k, loose accuracy, …)."""


@dataclass(slots=True)
class Measurement:
    """One model measured on a suite: what `before/` or `after/` holds."""

    directory: Path
    tasks: dict[str, TaskResult]
    model: Mapping[str, Any] = field(default_factory=dict)
    """Name, fingerprint and tokenizer hash; empty when the provenance is unknown."""

    def sample_file(self, task: str) -> Path:
        """Where the rows of a task lie."""
        return sample_path(self.directory, task)

    def rows(self, task: str) -> Iterator[Row]:
        """The rows of a task, streamed."""
        return read_rows(self.sample_file(task))


def sample_path(directory: Path, task: str) -> Path:
    """samples/<task>.jsonl."""
    return directory / "samples" / f"{file_name(task)}.jsonl"


def file_name(task: str) -> str:
    """A task's name, which may hold '/' or ':', as a part of a file's."""
    return task.replace("/", "__").replace(":", "__")


def write_results(measurement: Measurement) -> None:
    """Write results.json (whole)."""
    tasks = {name: asdict(result) for name, result in measurement.tasks.items()}
    write_json(
        measurement.directory / "results.json",
        {"schema": SCHEMA_VERSION, "model": dict(measurement.model), "tasks": tasks},
    )


def read_measurement(directory: Path) -> Measurement:
    """Read a measurement directory. Raises DataError when it is not one."""
    record = read_json(directory / "results.json")
    try:
        tasks = {name: TaskResult(**result) for name, result in record["tasks"].items()}
        return Measurement(directory, tasks, record.get("model", {}))
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{directory / 'results.json'} is not a results file: {error}") from error


def environments_of(measurement: Measurement) -> dict[str, Any]:
    """What each task was played in (package, server, version, hash), for the manifest; tasks without are left out."""
    return {name: task.reward["pinned"] for name, task in measurement.tasks.items() if task.reward.get("pinned")}


def summarize(task: TaskResult, rows: Iterable[Row]) -> TaskResult:
    """Fill n, mean, stderr, unjudged and truncated from rows. The mean is over items, each the mean of its repeats;
    stderr is that of items (clusters are the comparison's affair). Constant memory."""
    means = ItemMeans()
    for row in rows:
        means.add(row.doc_id, row.score)
        task.truncated += row.finish_reason == "length"
        task.unjudged += not row.judged
    task.n = means.items
    task.mean, task.stderr = means.statistics()
    return task
