"""The two measurements of a run. What the cache already knows of a model is not generated again: a sweep measures its
base model once, whichever job comes first (the others wait for it)."""

from pathlib import Path

from holdfast.benchmarks.engine.backends.models import LoadedModel
from holdfast.benchmarks.suites.suite import Suite, load_suite
from holdfast.errors import unknown
from holdfast.runs.measurement import Measurement, read_measurement
from holdfast.trainers.run.config import TrainConfig
from holdfast.trainers.run.model import free, load_base, load_trained
from holdfast.trainers.run.run_dir import default_cache


def suite_of(config: TrainConfig) -> Suite:
    """The suite. Raises UsageError when a target is not in it."""
    suite = load_suite(config.suite)
    for target in config.target:
        if target not in suite.names:
            raise unknown(f"target of suite {suite.name!r}", target, suite.names)
    return suite


def measure_before(config: TrainConfig, out: Path) -> Measurement:
    """The starting model, in `out`/before."""
    if finished(out / "before"):
        return read_measurement(out / "before")
    loaded = load_base(config.model)
    measured = measure_into(loaded, config, out / "before", together=True)
    del loaded
    free()
    return measured


def measure_after(config: TrainConfig, out: Path) -> Measurement:
    """The trained model, in `out`/after; items that a killed process finished are not repeated."""
    if finished(out / "after"):
        return read_measurement(out / "after")
    loaded = load_trained(config.model, out / "checkpoint")
    measured = measure_into(loaded, config, out / "after", together=True)
    del loaded
    free()
    return measured


def finished(directory: Path) -> bool:
    """Whether a measurement is complete: results.json is written last."""
    return (directory / "results.json").is_file()


def measure_into(loaded: LoadedModel, config: TrainConfig, out: Path, *, together: bool = False) -> Measurement:
    """Measure a model on the run's suite with the run's settings; `together`: all processes of the launch share it."""
    from holdfast.benchmarks.engine.measuring import measure
    from holdfast.benchmarks.engine.settings import Settings

    return measure(
        loaded,
        suite_of(config),
        out,
        data_root=Path(config.data_root) if config.data_root else None,
        cache=default_cache(config),
        settings=Settings(batch_size=config.model.batch_size, limit=config.limit),
        together=together,
    )
