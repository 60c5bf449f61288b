"""A run on disk: directories, the manifest, and a measurement (results.json + samples/*.jsonl)."""

import json
import platform
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from holdfast.errors import DataError
from holdfast.runs.aggregates import ItemMeans
from holdfast.runs.row import SCHEMA_VERSION, Row, read_rows, write_json

_PACKAGES = (
    "holdfast",
    "torch",
    "transformers",
    "trl",
    "peft",
    "lm_eval",
    "datasets",
    "hydra-core",
    "scipy",
    "sympy",
    "numpy",
)


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
    """samples/<task>.jsonl; a task's name may hold '/' or ':'."""
    return directory / "samples" / (task.replace("/", "__").replace(":", "__") + ".jsonl")


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


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file. Raises DataError naming the file."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise DataError(f"{path} is not JSON: {error}") from error
    if not isinstance(record, dict):
        raise DataError(f"{path} must hold an object, not {type(record).__name__}")
    return record


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


def manifest(config: Mapping[str, Any], **extra: Any) -> dict[str, Any]:
    """What reproduces a run: resolved config, command, package versions, git state, machine, time."""
    return {
        "schema": SCHEMA_VERSION,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
        "config": dict(config),
        "packages": _versions(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "git": _git_state(),
        **extra,
    }


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def _git_state() -> dict[str, Any] | None:
    """Commit and dirtiness of the working directory's repository; None outside one or without git."""
    try:
        commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=True)
        status = subprocess.run(["git", "status", "--porcelain"], capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return {"commit": commit.stdout.strip(), "dirty": bool(status.stdout.strip())}
