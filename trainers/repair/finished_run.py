"""A finished run, taken up again by mend or bisect."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from holdfast.benchmarks.tiny import EMBEDDED
from holdfast.compare import Benchmark, Comparison, Verdict, compare
from holdfast.errors import DataError, suggestion, unknown
from holdfast.files import read_json
from holdfast.report import refresh
from holdfast.runs.measurement import read_measurement
from holdfast.trainers.models.merge import with_start
from holdfast.trainers.run.run_dir import default_cache
from holdfast.trainers.settings.catalogue import find_trainer
from holdfast.trainers.settings.compose import from_manifest, masked_keys
from holdfast.trainers.settings.config import TrainConfig

BROKEN = (Verdict.REGRESSED, Verdict.BEYOND_MARGIN)


@dataclass(frozen=True)
class FinishedRun:
    """A run whose training and measurements are done."""

    run: Path
    config: TrainConfig
    comparison: Comparison
    """Before against after, as the run's report has it."""

    @property
    def broken(self) -> list[Benchmark]:
        """The held skills that regressed."""
        return [one for one in self.comparison.held if one.verdict in BROKEN]

    @property
    def data_root(self) -> Path | None:
        """The run's local copy of the data."""
        return Path(self.config.data_root) if self.config.data_root else None

    @property
    def cache(self) -> Path:
        """Where measurements are kept between runs."""
        return default_cache(self.config)

    def seconds(self, phase: str) -> float | None:
        """How long a phase of the run took, where it was written down."""
        found: Mapping[str, float] = read_json(self.run / "manifest.json").get("seconds", {})
        return found.get(phase)

    def write_report(self) -> None:
        """Write the run's report anew: it joins what bisect and mend found."""
        refresh(self.run)


def load_finished_run(
    run: Path, base: str | None = None, secrets: Mapping[str, str] | None = None, *, trains: bool = False
) -> FinishedRun:
    """Read a finished run. `base`: where its base model lies now, when it has moved. `secrets`: the values of settings
    that are masked in its manifest, by their dotted keys; only those that are read again are needed: of the suite and
    the model, and where it `trains` once more those of the data.

    Raises DataError for anything else, naming the nearest run, and UsageError for a secret that is not given.
    """
    if not (run / "manifest.json").is_file():
        raise DataError(_no_run(run))
    name = read_json(run / "manifest.json").get("config", {}).get("trainer", {}).get("name")
    if name and not find_trainer(name).writes_text:
        raise DataError(f"{run} trained a reward model: it writes no text, so no skill of it was measured")
    config = _settings(run, secrets or {}, trains)
    config = replace(config, model=replace(config.model, path=base)) if base else with_start(config, run)
    check_base(config)
    before, after = read_measurement(run / "before"), read_measurement(run / "after")
    margin = None if config.margin is None else config.margin / 100
    return FinishedRun(run, config, compare(before, after, target=tuple(config.target), margin=margin))


def _settings(run: Path, secrets: Mapping[str, str], trains: bool) -> TrainConfig:
    if not (run / "checkpoint").is_dir() or not (run / "after" / "results.json").is_file():
        raise DataError(f"{run} is not finished: run its command again, it goes on where it was")
    words = [f"{key}={value}" for key, value in secrets.items()]
    unread = ("trainer.args", "reward", "data.reward", *(() if trains else ("data",)))
    return from_manifest(run / "manifest.json", words, unread=unread)


def check_secrets(run: Path, given: Iterable[str], verb: str, keys: Iterable[str]) -> None:
    """Raise UsageError for a key of the command that is none of the verb's and none that the run's manifest masks."""
    for key in given:
        masked = masked_keys(run / "manifest.json") if (run / "manifest.json").is_file() else []
        if key not in masked:
            raise unknown(f"key of `holdfast {verb}`", key, [*keys, *masked])


def check_base(config: TrainConfig) -> None:
    """Raise DataError when the base model was a directory that is gone."""
    path = config.model.path
    if path in EMBEDDED or Path(path).is_dir():
        return
    if path.startswith((".", "/", "~")) or path.count("/") > 1:
        raise DataError(f"the run's base model {path} is gone; say where it is now with base=DIRECTORY")


def _no_run(run: Path) -> str:
    """What is wrong with the path, and the nearest that is right."""
    parent_run = next((parent for parent in run.resolve().parents if (parent / "manifest.json").is_file()), None)
    if parent_run is not None:
        return f"{run} is a part of a run; did you mean {_as_given(run, parent_run)}?"
    beside = run if run.is_dir() else run.parent
    runs = sorted(p.parent.name for p in beside.glob("*/manifest.json"))
    if run.is_dir():
        return f"{run} is not a run: it has no manifest.json" + (f"; the runs in it: {', '.join(runs)}" if runs else "")
    near = get_close_matches(run.name, runs, n=1)
    hint = f"; did you mean {beside / near[0]}?" if near else suggestion(run.name, runs)
    return f"there is no run {run}{hint}"


def _as_given(run: Path, parent_run: Path) -> Path:
    """The parent as the user would type it."""
    steps = len(run.resolve().parts) - len(parent_run.parts)
    return run.parents[steps - 1] if len(run.parts) > steps else parent_run
