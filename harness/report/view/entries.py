"""Every run below a folder, as one row of the page each."""

import os
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from holdfast.errors import DataError
from holdfast.files import leads_out
from holdfast.report.view.records import (
    BenchmarkRecord,
    ManifestRecord,
    OutcomeRecord,
    ReportRecord,
    ResultsRecord,
    TrajectoryRecord,
    read,
)

Kind = Literal["training", "comparison", "evaluation"]
_PARTS = ("before", "after", "noise", "samples", "training", "checkpoint", "checkpoints", "start", "guard", "cache")
"""Folders of a run that hold no run of their own."""
_LONGEST = 120
"""Characters of a label."""
_STEP = re.compile(r"(?:checkpoint|step)[-_]?(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TaskNumbers:
    """A benchmark of a run; scores from 0 to 1."""

    score: float | None
    n: int
    stderr: float | None = None
    before: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    verdict: str = ""
    role: str = ""
    """`held`, `target` or `ignored` where two models were compared."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One run, as the page of runs lists it."""

    path: str
    """From the folder; `.` is the folder itself."""
    kind: Kind
    models: tuple[str, ...]
    """The model before and the one after of a comparison; of a training the one it began with."""
    data: str = ""
    """What was trained on."""
    trainer: str = ""
    suite: str = ""
    created: str = ""
    """UTC, as in the manifest; without one the time of the newest file."""
    decision: str = ""
    """PASS, REGRESSED or INCONCLUSIVE; empty without a comparison."""
    sentence: str = ""
    status: str = "finished"
    """`finished`, `failed`, `unfinished`."""
    trouble: str = ""
    """Where and why it failed, or what could not be read."""
    report: str | None = None
    """Its report.html, from the folder."""
    step: int | None = None
    """The step of a measured checkpoint."""
    tasks: Mapping[str, TaskNumbers] = field(default_factory=dict)
    looks: tuple[tuple[int, Mapping[str, float]], ...] = ()
    """Scores by step and task, along a training."""

    @property
    def mean(self) -> float | None:
        """The mean of its benchmarks' scores."""
        known = [one.score for one in self.tasks.values() if one.score is not None]
        return sum(known) / len(known) if known else None

    def changes(self, role: str) -> dict[str, float]:
        """The differences of its benchmarks of a role."""
        return {
            name: one.difference for name, one in self.tasks.items() if one.role == role and one.difference is not None
        }


def read_runs(folder: Path) -> list[Entry]:
    """The runs below a folder, the newest first. Raises DataError when it is no folder; a run that cannot be read is
    an entry that says why."""
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder")
    closed: list[OSError] = []
    found = [_entry(run, folder) for run in _run_folders(folder, closed)]
    found += [_closed(error, folder) for error in closed if isinstance(error, PermissionError)]  # others are gone
    return sorted(found, key=lambda entry: (entry.created, entry.path), reverse=True)


def sweeps(folder: Path) -> list[str]:
    """The pages of the sweeps below a folder, from it: no copies, which have no record beside them."""
    found = [page for page in folder.rglob("frontier.html") if page.with_suffix(".json").is_file()]
    shown = [page for page in found if not _hidden(page.relative_to(folder)) and not leads_out(page, folder)]
    return sorted(page.relative_to(folder).as_posix() for page in shown)


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _check_links(run: Path, folder: Path) -> None:
    """Raise DataError where a file that the page or its server reads is a link that leads out of the folder."""
    sides = (run, run / "before", run / "after")
    for file in (run / "report.html", *(file for side in sides for file in side.glob("*.json"))):
        if leads_out(file, folder):
            raise DataError(f"{file.relative_to(folder)} is a link that leads out of {folder}")


def _run_folders(folder: Path, closed: list[OSError]) -> Iterator[Path]:
    """Folders that are runs; errors of those that cannot be read go into `closed`. Inside one only what is no part of
    it is looked at (a sweep's jobs)."""
    for path, inside, files in os.walk(folder, onerror=closed.append):
        inside[:] = sorted(name for name in inside if not name.startswith("."))
        if _is_run(Path(path), set(inside), set(files)):
            inside[:] = [name for name in inside if name not in _PARTS]
            yield Path(path)


def _is_run(run: Path, inside: set[str], files: set[str]) -> bool:
    if "results.json" in files and "samples" in inside:
        return True
    if "manifest.json" in files and ("outcome.json" in files or inside & {"before", "after", "training"}):
        return True
    return all((run / side / "results.json").is_file() for side in ("before", "after"))


def _entry(run: Path, folder: Path) -> Entry:
    path = run.relative_to(folder).as_posix()
    try:
        _check_links(run, folder)
        return _read(run, path)
    except DataError as error:
        return Entry(path, "evaluation", (), created=_changed(run), status="failed", trouble=str(error))


def _closed(error: OSError, folder: Path) -> Entry:
    """A folder that may not be read. Raises DataError where it is the whole."""
    place = Path(error.filename)
    if place == folder:
        raise DataError(f"cannot read {folder}: {error.strerror}") from error
    trouble = f"cannot read the folder: {error.strerror}"
    return Entry(place.relative_to(folder).as_posix(), "evaluation", (), status="failed", trouble=trouble)


def _read(run: Path, path: str) -> Entry:
    manifest = read(run / "manifest.json", ManifestRecord) or ManifestRecord()
    report = read(run / "report.json", ReportRecord)
    outcome = read(run / "outcome.json", OutcomeRecord)
    trained = manifest.kind == "train"
    results = read(run / "after" / "results.json", ResultsRecord) or read(run / "results.json", ResultsRecord)
    before = read(run / "before" / "results.json", ResultsRecord)
    models = _models(manifest, before, results, trained)
    status, trouble = _status(outcome, trained, report is not None or results is not None)
    return Entry(
        path,
        "training" if trained else "comparison" if before else "evaluation",
        models,
        data=_data(manifest) if trained else "",
        trainer=str(_config(manifest, "trainer", "name") or "") if trained else "",
        suite=_suite(manifest),
        created=manifest.created or (report.created if report else "") or _changed(run),
        decision=report.decision if report else "",
        sentence=report.sentence if report else "",
        status=status,
        trouble=trouble,
        report=f"{path}/report.html".removeprefix("./") if (run / "report.html").is_file() else None,
        step=_step(models, path),
        tasks=_tasks(results, report),
        looks=_looks(run, before, results, outcome),
    )


def _status(outcome: OutcomeRecord | None, trained: bool, measured: bool) -> tuple[str, str]:
    if outcome is not None and outcome.status == "failed":
        return "failed", ": ".join(part for part in (outcome.phase, outcome.error) if part)
    done = outcome is not None if trained else measured
    return ("finished", "") if done else ("unfinished", "")


def _models(
    manifest: ManifestRecord, before: ResultsRecord | None, after: ResultsRecord | None, trained: bool
) -> tuple[str, ...]:
    sides = [before] if trained else [before, after]
    named = [str(side.model.get("name") or "") for side in sides if side is not None]
    if not any(named):
        given = _config(manifest, "model", "path") or manifest.config.get("model")
        named = [str(given)] if isinstance(given, str) else []
    return tuple(dict.fromkeys(name for name in named if name)) if trained else tuple(name for name in named if name)


def _config(manifest: ManifestRecord, *keys: str) -> Any:
    found: Any = manifest.config
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _data(manifest: ManifestRecord) -> str:
    """A data set's name; several are listed."""
    path = _config(manifest, "data", "path") or _config(manifest, "data", "sources")
    return _label(path or manifest.training_rows.get("source") or "")


def _suite(manifest: ManifestRecord) -> str:
    return _label(manifest.suite or manifest.config.get("suite") or "")


def _label(value: Any) -> str:
    """A name for a setting of any shape: of a mapping (an environment, a data set with options) what it is made of."""
    if isinstance(value, list):
        return ", ".join(map(_label, value))
    if isinstance(value, Mapping):
        return _label(next((value[key] for key in ("env", "path", "task", "name") if value.get(key)), ""))
    return str(value)[:_LONGEST]


def _tasks(results: ResultsRecord | None, report: ReportRecord | None) -> dict[str, TaskNumbers]:
    found = {name: TaskNumbers(one.mean, one.n, one.stderr) for name, one in (results.tasks if results else {}).items()}
    for one in report.benchmarks if report else []:
        found[one.task] = _compared(one, found.get(one.task))
    return found


def _compared(one: BenchmarkRecord, measured: TaskNumbers | None) -> TaskNumbers:
    return TaskNumbers(
        one.after,
        one.n,
        measured.stderr if measured else None,
        one.before,
        one.difference,
        one.interval.low,
        one.interval.high,
        one.verdict,
        one.role,
    )


def _looks(
    run: Path, before: ResultsRecord | None, after: ResultsRecord | None, outcome: OutcomeRecord | None
) -> tuple[tuple[int, Mapping[str, float]], ...]:
    """Scores along a training: at its start, at each checkpoint that was measured, at its end."""
    found = {0: _scores(before)} if before else {}
    trajectory = read(run / "trajectory.json", TrajectoryRecord)
    for look in trajectory.looks if trajectory else []:
        found[look.step] = {name: one.score for name, one in look.tasks.items() if one.score is not None}
    if outcome is not None and outcome.steps and after:
        found[outcome.steps] = _scores(after)
    return tuple(sorted(found.items())) if len(found) > 1 else ()


def _scores(results: ResultsRecord | None) -> dict[str, float]:
    return {name: one.mean for name, one in (results.tasks if results else {}).items() if one.mean is not None}


def _step(models: tuple[str, ...], path: str) -> int | None:
    found = _STEP.search(models[-1] if models else "") or _STEP.search(path)
    return int(found[1]) if found else None


def _changed(run: Path) -> str:
    newest = max((file.stat().st_mtime for file in run.glob("*.json")), default=run.stat().st_mtime)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(newest))
