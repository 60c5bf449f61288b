"""The whole job, as one readable function: measure → train → measure → compare → report.

Every phase is skipped when its result is on disk, so the same command finishes a killed run: a finished training is
not repeated, a finished item is not measured twice.
"""

import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from holdfast.compare import Comparison, compare
from holdfast.errors import EXIT_PASS
from holdfast.files import write_json
from holdfast.logs import RUN, kept_in, quiet_libraries
from holdfast.masking import error_text
from holdfast.process.distributed import is_main
from holdfast.report import write as write_report
from holdfast.runs.measurement import Measurement, environments_of
from holdfast.trainers.data import contamination
from holdfast.trainers.data.card import training_card
from holdfast.trainers.data.generated.self_replay import is_self, written_rows
from holdfast.trainers.estimate import endings
from holdfast.trainers.estimate.preflight import check_all
from holdfast.trainers.job import failures
from holdfast.trainers.job.training import train
from holdfast.trainers.job.trajectory import trajectory
from holdfast.trainers.models.arithmetic import check_same, check_scores
from holdfast.trainers.models.merge import START, merge_adapter, needs_start, with_start
from holdfast.trainers.models.model import threads
from holdfast.trainers.models.model_card import write_card
from holdfast.trainers.run import processes, run_dir, validation
from holdfast.trainers.run.checkpoint_eval import measure_after, measure_before
from holdfast.trainers.run.rewarded import reward_findings
from holdfast.trainers.run.stopping import stopping_findings
from holdfast.trainers.run.tracking import trackers
from holdfast.trainers.settings.catalogue import find_trainer
from holdfast.trainers.settings.config import TrainConfig

log = logging.getLogger("holdfast")
T = TypeVar("T")


@dataclass(frozen=True)
class Result:
    """What a run came to."""

    out: Path
    comparison: Comparison | None
    """None when the model that was trained writes no text (a reward model)."""
    training: dict[str, Any]
    exit_code: int
    """The verdict's when `gate` is set, else 0."""


def before_after(config: TrainConfig) -> Result:
    """Run a training with its two measurements and its report. Raises HoldfastError in one line; what was measured
    by then stays on disk, with an outcome that says what failed."""
    with quiet_libraries():
        return _run(config)


def _run(config: TrainConfig) -> Result:
    check_all(config)
    out = run_dir.directory_of(config)
    processes.refuse_overwrite(config.overwrite, out)
    if not is_main():
        return _run_other_process(config, out)
    with run_dir.alone(out), threads(config.model.threads):
        run_dir.open_run(config)
        with kept_in(out):
            return _phases(config, out)


def _phases(config: TrainConfig, out: Path) -> Result:
    """Every phase that is not finished yet."""
    clock = Clock(out)
    try:
        if needs_start(config):
            clock("merge the adapter", lambda: (out / START).is_dir() or merge_adapter(config.model, out / START))
            config = with_start(config, out)
        if not find_trainer(config.trainer.name).writes_text:
            training = clock("train", lambda: train(config, out))
            return _finish(config, out, None, training)
        before = clock("measure before", lambda: measure_before(config, out))
        check_scores(before)
        if environments := environments_of(before):
            run_dir.amend_manifest(out, environments=environments)
        if is_self(config):
            clock("write replay", lambda: written_rows(config, out))
        training = clock("train", lambda: train(config, out))
        after = clock("measure after", lambda: measure_after(config, out))
        looks = []
        if config.measure_checkpoints:
            looks = clock("measure checkpoints", lambda: trajectory(config, out, before))
        comparison = clock("compare", lambda: _compared(before, after, config, out, training["log"]))
        write_report(comparison, out, extras={"training": [*training["log"], *looks]})
        write_card(out, out / "checkpoint")
        trackers.send(comparison, out, training["steps"])
    except BaseException as error:
        _record_failure(out, clock.phase, error)
        raise
    return _finish(config, out, comparison, training)


def _run_other_process(config: TrainConfig, out: Path) -> Result:
    """What the other processes of `accelerate launch` do: their share of measuring and training; they write nothing."""
    started = time.time()
    processes.wait_for(out / "manifest.json", out / "outcome.json", started)
    if needs_start(config):
        processes.wait_for(out / START / "config.json", out / "outcome.json", started)
        config = with_start(config, out)
    with threads(config.model.threads):
        if not find_trainer(config.trainer.name).writes_text:
            return Result(out, None, train(config, out), EXIT_PASS)
        before = measure_before(config, out)
        training = train(config, out)
        processes.wait_for(out / "training.json", out / "outcome.json", started)  # written when the checkpoint is
        measure_after(config, out)
        if config.measure_checkpoints:
            trajectory(config, out, before)
        return Result(out, None, training, EXIT_PASS)


class Clock:
    """Runs the phases, and writes down how long each took."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.phase = ""
        self.seconds: dict[str, float] = {}

    def __call__(self, phase: str, work: Callable[[], T]) -> T:
        """Run one phase and note its seconds."""
        self.phase = phase
        log.info("%s …", phase)
        start = time.perf_counter()
        with failures.explained(self.out, phase):
            result = work()
        self.seconds[phase] = round(time.perf_counter() - start, 3)
        run_dir.amend_manifest(self.out, seconds=self.seconds)
        return result


def _compared(
    before: Measurement, after: Measurement, config: TrainConfig, out: Path, training_log: list[dict[str, Any]]
) -> Comparison:
    """The comparison, with warnings when the suite was found in the training rows, these would break training, or the
    training itself went wrong."""
    check_same(before, after)
    comparison = compare(before, after, **_options(config))
    found = (
        *contamination.warnings_of(out),
        *training_card.warnings_of(out),
        *endings.warnings_of(out),
        *stopping_findings(before, after),
        *validation.findings(training_log, config.early_stopping is not None),
        *reward_findings(training_log, comparison),
    )
    return replace(comparison, warnings=(*comparison.warnings, *found))


def _options(config: TrainConfig) -> dict[str, Any]:
    margin = None if config.margin is None else config.margin / 100
    return {"target": tuple(config.target), "margin": margin}


def _finish(config: TrainConfig, out: Path, comparison: Comparison | None, training: dict[str, Any]) -> Result:
    """Write down how the run ended."""
    outcome: dict[str, Any] = {"status": "finished", "steps": training["steps"]}
    code = EXIT_PASS
    if comparison is not None:
        code = comparison.exit_code if config.gate else EXIT_PASS
        outcome |= {"decision": str(comparison.decision), "sentence": comparison.sentence}
    write_json(out / "outcome.json", outcome | {"exit_code": code})
    return Result(out, comparison, training, code)


def _record_failure(out: Path, phase: str, error: BaseException) -> None:
    """The run failed: say where and why, beside whatever was measured. A full disk may not take even that."""
    reason = "interrupted" if isinstance(error, KeyboardInterrupt) else error_text(error)
    outcome = {"status": "failed", "phase": phase, "error": reason}
    logging.getLogger(RUN).warning("%s failed", phase, exc_info=error)  # the screen has one line
    with contextlib.suppress(OSError), failures.not_interrupted():
        write_json(out / "outcome.json", outcome)
        failures.report(out, phase, error)
