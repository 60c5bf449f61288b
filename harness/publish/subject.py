"""What is published: a measured model, what it was compared with, and where its benchmarks' rows come from."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from holdfast.compare import Comparison, load
from holdfast.errors import UsageError
from holdfast.files import read_json
from holdfast.publish.public import public
from holdfast.runs.measurement import Measurement, TaskResult

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_URL = re.compile(r"https?://[^\s<>()\[\]\"'`\\]+")


@dataclass(frozen=True, slots=True)
class DataSource:
    """Where a benchmark's rows come from; empty for what is on no hub."""

    hub: str = ""
    config: str | None = None
    split: str = ""
    revision: str = ""
    items: int | None = None
    """Rows of the whole benchmark, where that is known."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One run to publish."""

    run: Path
    measurement: Measurement
    """What a public file may say of it (`public`)."""
    model_id: str
    """As hubs write it: `organization/name`."""
    comparison: Comparison | None = None
    manifest: Mapping[str, Any] = field(default_factory=dict)
    source_url: str = ""
    """Where the run can be seen; empty when nowhere."""

    @property
    def model_name(self) -> str:
        """The name without the organization."""
        return self.model_id.partition("/")[2]

    @property
    def created(self) -> str:
        """When it was measured, UTC; of a run that does not say it, when its first file was written."""
        recorded = self.manifest.get("created") or (self.comparison.created if self.comparison else "")
        return str(recorded or _written(self.run))

    @property
    def version(self) -> str:
        """Holdfast's, which measured it."""
        packages = self.manifest.get("packages") or {}
        return str(packages.get("holdfast-llm") or packages.get("holdfast") or _own_version())


def read_subject(run: Path, model_id: str | None = None, source_url: str = "") -> Subject:
    """The run at a path: a training, an evaluation, a measurement, or another harness's output.

    Raises DataError when nothing measured is there, UsageError for a model's id or an address that is none.
    """
    if model_id is not None and not _HUB_ID.fullmatch(model_id):
        raise UsageError(f"model_id= is written ORGANIZATION/NAME, as hubs do, not {model_id!r}")
    if source_url and not _URL.fullmatch(source_url):
        raise UsageError(f"source_url= must begin with https:// and be one word without brackets, not {source_url!r}")
    measurement = load(run)
    manifest = read_json(run / "manifest.json") if (run / "manifest.json").is_file() else {}
    report = run / "report.json"
    comparison = Comparison.from_json(read_json(report)) if report.is_file() else None
    called = model_id or _id_of(measurement, run)
    return Subject(run, public(measurement, called), called, comparison, manifest, source_url)


def data_source(task: str) -> DataSource:
    """Where the rows of a built-in benchmark come from."""
    from holdfast.benchmarks.suites.task import builtin_tasks

    known = builtin_tasks().get(task)
    if known is None:
        return DataSource()
    one = known.source
    return DataSource(one.hub, one.config, one.split if one.hub else "", one.revision, one.count)


def judged_items(subject: Subject, task: str) -> int:
    """Items of a benchmark with at least one answer that could be judged."""
    result = subject.measurement.tasks[task]
    if not result.unjudged:
        return result.n
    return len({row.doc_id for row in subject.measurement.rows(task) if row.judged})


def setup(result: TaskResult, version: str) -> str:
    """How a number came about, in a line."""
    shots = result.generation.get("fewshot")
    reward = result.reward
    parts = [f"Holdfast {version}", f"task version {result.version}"]
    parts += [f"reward {reward['name']} {reward.get('version', '')}".strip()] if reward.get("name") else []
    parts += [f"{shots} examples shown"] if shots else []
    return ", ".join(parts)


def _id_of(measurement: Measurement, run: Path) -> str:
    """The model's own id where it has one, else one made of the run's folder."""
    name = str(measurement.model.get("name") or "")
    if _HUB_ID.fullmatch(name) and not Path(name).exists() and not name.startswith("."):
        return name
    folder = re.sub(r"[^\w.-]+", "-", run.resolve().name).strip("-.") or "run"
    return f"local/{folder}"


def _written(run: Path) -> str:
    files = [run] if run.is_file() else [path for path in run.rglob("*") if path.is_file()]
    first = min((path.stat().st_mtime for path in files), default=0.0)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(first))


def _own_version() -> str:
    from holdfast import __version__

    return __version__
