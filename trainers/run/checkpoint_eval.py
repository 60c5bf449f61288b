"""Measuring a checkpoint: loaded, measured, given back. What the cache knows of a model is not generated again: a sweep
measures its base model once, whichever job comes first (the others wait for it)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.benchmarks.engine.backends.models import LoadedModel
from holdfast.benchmarks.suites.suite import Suite, load_suite
from holdfast.errors import unknown
from holdfast.runs.measurement import Measurement, read_measurement
from holdfast.runs.stopped import read_stopped
from holdfast.trainers.models.model import free, load_base, load_trained
from holdfast.trainers.run.run_dir import default_cache
from holdfast.trainers.settings.config import ModelConfig, TrainConfig

if TYPE_CHECKING:
    from holdfast.benchmarks.engine.stopping import Until


def suite_of(config: TrainConfig) -> Suite:
    """The suite. Raises UsageError when a target is not in it."""
    suite = load_suite(config.suite)
    for target in config.target:
        if target not in suite.names:
            raise unknown(f"target of suite {suite.name!r}", target, suite.names)
    return suite


@contextmanager
def loaded(config: ModelConfig, checkpoint: Path | None = None) -> Iterator[LoadedModel]:
    """The starting model, or a checkpoint trained from it; its memory is given back at the end of the block."""
    model = load_base(config) if checkpoint is None else load_trained(config, checkpoint)
    try:
        yield model
    finally:
        model.model = model.tokenizer = None  # whoever holds the LoadedModel still holds no weights
        free()


def measured(
    config: TrainConfig,
    out: Path,
    checkpoint: Path | None = None,
    *,
    suite: Suite | None = None,
    whole: bool = False,
    together: bool = False,
    drafts: Path | None = None,
    until: "Until | None" = None,
) -> Measurement:
    """The measurement of the starting model (or of `checkpoint`) in `out`: read where it is finished, else made.

    `suite`: default the run's. `whole`: without the run's limit of items. `together`: all processes of the launch
    share the work. `drafts`: a related model's measurement, whose answers are tried first as `config.draft` allows.
    `until`: each benchmark stops as soon as it is decided.
    """
    from holdfast.benchmarks.engine.measuring import measure
    from holdfast.benchmarks.engine.settings import Settings

    if finished(out) and (until is not None or not stopped_early(out)):
        return read_measurement(out)
    with loaded(config.model, checkpoint) as model:
        return measure(
            model,
            suite_of(config) if suite is None else suite,
            out,
            data_root=Path(config.data_root) if config.data_root else None,
            cache=default_cache(config),
            settings=Settings(
                batch_size=config.model.batch_size,
                limit=None if whole else config.limit,
                draft=config.draft,  # type: ignore[arg-type]  # checked before anything is measured
            ),
            together=together,
            drafts=drafts,
            until=until,
        )


def measure_before(config: TrainConfig, out: Path) -> Measurement:
    """The starting model, in `out`/before."""
    return measured(config, out / "before", together=True)


def measure_after(config: TrainConfig, out: Path) -> Measurement:
    """The trained model, in `out`/after; items that a killed process finished are not repeated."""
    until = None
    if config.stop == "decided":
        from holdfast.benchmarks.engine.stopping import Until

        margin = (config.margin or 0.0) / 100
        until = Until(before=read_measurement(out / "before"), margin=margin, target=tuple(config.target))
    return measured(config, out / "after", out / "checkpoint", together=True, drafts=out / "before", until=until)


def stopped_early(directory: Path) -> bool:
    """Whether a measurement stopped when it was decided, and has not been continued to all items since."""
    stopped = read_stopped(directory)
    if stopped is None:
        return False
    items = read_measurement(directory)
    return any(len({row.doc_id for row in items.rows(name)}) < task.of for name, task in stopped.tasks.items())


def finished(directory: Path) -> bool:
    """Whether a measurement is complete: results.json is written last."""
    return (directory / "results.json").is_file()
