"""The parts of a run's files that the page shows, read without the items' texts, which are most of a report."""

import json
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from holdfast.errors import DataError

T = TypeVar("T")


class TaskRecord(msgspec.Struct):
    """A benchmark in results.json."""

    mean: float | None = None
    stderr: float | None = None
    n: int = 0


class ResultsRecord(msgspec.Struct):
    """What the page reads of results.json."""

    tasks: dict[str, TaskRecord]
    model: dict[str, Any] = {}


class IntervalRecord(msgspec.Struct):
    """An interval of a report; a bound is null where there is none."""

    low: float | None = None
    high: float | None = None


class BenchmarkRecord(msgspec.Struct):
    """A benchmark in report.json."""

    task: str
    role: str
    verdict: str
    before: float
    after: float
    difference: float
    n: int
    interval: IntervalRecord = msgspec.field(default_factory=IntervalRecord)


class SideRecord(msgspec.Struct):
    """One of the two runs of a report."""

    name: str = ""
    model: dict[str, Any] = {}


class ReportRecord(msgspec.Struct):
    """What the page reads of report.json."""

    decision: str
    benchmarks: list[BenchmarkRecord]
    sentence: str = ""
    created: str = ""
    before: SideRecord = msgspec.field(default_factory=SideRecord)
    after: SideRecord = msgspec.field(default_factory=SideRecord)


class ManifestRecord(msgspec.Struct):
    """What the page reads of manifest.json."""

    created: str = ""
    kind: str = ""
    suite: Any = None
    config: dict[str, Any] = {}
    training_rows: dict[str, Any] = {}


class OutcomeRecord(msgspec.Struct):
    """What the page reads of outcome.json."""

    status: str = ""
    phase: str = ""
    error: str = ""
    steps: int | None = None


class LookTaskRecord(msgspec.Struct):
    """A benchmark at a checkpoint."""

    score: float | None = None


class LookRecord(msgspec.Struct):
    """A checkpoint of a training."""

    step: int
    tasks: dict[str, LookTaskRecord]


class TrajectoryRecord(msgspec.Struct):
    """What the page reads of trajectory.json."""

    looks: list[LookRecord]


def read(path: Path, kind: type[T]) -> T | None:
    """What a file holds of `kind`; None when it is not there. Raises DataError for a file that is another thing."""
    try:
        raw = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        raise DataError(f"{path}: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _leniently(path, raw, kind)


def _leniently(path: Path, raw: bytes, kind: type[T]) -> T:
    """The record of a file with NaN, Infinity or lone surrogates, which Python writes and reads."""
    try:
        return msgspec.convert(json.loads(raw), kind)
    except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
        raise DataError(f"{path} is not what a run writes: {error}") from error
