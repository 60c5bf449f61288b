"""The two measurements of a run: before (shared by every run of the same model) and after."""

import shutil
from dataclasses import replace
from pathlib import Path

from holdfast.benchmarks.models import LoadedModel
from holdfast.benchmarks.suite import Suite, load_suite
from holdfast.errors import unknown
from holdfast.rows import digest
from holdfast.run import Measurement, read_measurement
from holdfast.trainers.config import TrainConfig
from holdfast.trainers.directory import default_cache
from holdfast.trainers.model import free, load_base, load_trained


def suite_of(config: TrainConfig) -> Suite:
    """The suite, cut to `limit` items per task. Raises UsageError when a target is not in it."""
    suite = load_suite(config.suite)
    for target in config.target:
        if target not in suite.names:
            raise unknown(f"target of suite {suite.name!r}", target, suite.names)
    if config.limit is None:
        return suite
    entries = (replace(e, limit=min(e.limit or config.limit, config.limit)) for e in suite.entries)
    return replace(suite, entries=tuple(entries))


def measure_before(config: TrainConfig, out: Path) -> Measurement:
    """The starting model's measurement in `out`/before, measured once for all runs that share model and suite."""
    if finished(out / "before"):
        return read_measurement(out / "before")
    loaded = load_base(config.model)
    shared = measure_shared(loaded, config)
    del loaded
    free()
    return _copy(shared, out / "before")


def measure_shared(loaded: LoadedModel, config: TrainConfig) -> Path:
    """The directory of a measurement in the cache; a file lock lets one process measure and the others wait."""
    from filelock import FileLock

    suite = suite_of(config)
    place = default_cache(config) / "measured" / measurement_key(loaded, config, suite)
    place.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{place}.lock"):
        if not finished(place):
            _measure(loaded, suite, place, config)
    return place


def measure_after(config: TrainConfig, out: Path) -> Measurement:
    """The trained model's measurement in `out`/after; items that a killed process finished are not repeated."""
    if finished(out / "after"):
        return read_measurement(out / "after")
    loaded = load_trained(config.model, out / "checkpoint")
    measured = _measure(loaded, suite_of(config), out / "after", config)
    del loaded
    free()
    return measured


def finished(directory: Path) -> bool:
    """Whether a measurement is complete: results.json is written last."""
    return (directory / "results.json").is_file()


def measurement_key(loaded: LoadedModel, config: TrainConfig, suite: Suite) -> str:
    """What a measurement depends on: weights, tokenizer, tasks with their items, reward versions, and how."""
    from holdfast import __version__
    from holdfast.reward import Reward

    tasks = [
        (e.name, e.limit, e.chat, e.k, dict(e.overrides), e.lm_eval, e.task and _described(e.task))
        for e in suite.entries
    ]
    rewards = [Reward.from_config(e.task.reward).describe() for e in suite.entries if e.task]
    what = [loaded.fingerprint, loaded.tokenizer_hash, tasks, rewards, config.data_root, __version__]
    return digest([what, config.model.batch_size])


def _described(task: object) -> list[str]:
    """A task's settings; functions by name, for their addresses differ between processes."""
    from dataclasses import fields

    values = [(f.name, getattr(task, f.name)) for f in fields(task)]  # type: ignore[arg-type]
    return [f"{name}={getattr(value, '__qualname__', value)}" for name, value in values if name != "source"]


def _measure(loaded: LoadedModel, suite: Suite, out: Path, config: TrainConfig) -> Measurement:
    from holdfast.benchmarks.engine import measure

    return measure(
        loaded,
        suite,
        out,
        data_root=Path(config.data_root) if config.data_root else None,
        batch_size=config.model.batch_size,
    )


def _copy(source: Path, target: Path) -> Measurement:
    """Copy a finished measurement; results.json last, so that a torn copy is not taken for a whole one."""
    shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("results.json"))
    shutil.copy2(source / "results.json", target / ".results.json")
    (target / ".results.json").replace(target / "results.json")
    return read_measurement(target)
