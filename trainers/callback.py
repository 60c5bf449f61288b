"""Three lines in a training script of one's own: measured before, measured after, the same report.

    from holdfast.trainers.callback import BeforeAfter

    trainer = SFTTrainer(…, callbacks=[BeforeAfter(suite="quick", target=["gsm8k"], out="runs/mine")])
    trainer.train()

Works with any TRL or transformers trainer of a causal language model, in one process or several. "Before" is the model
as it stands when training begins: of a fresh LoRA that is the base model, of an adapter that is trained on it is base
and adapter together. Both measurements compute as `holdfast eval` does with the saved model, whatever mixed precision
the training uses. What can fail is tried before the first step; after the training nothing of ours ends the script.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from transformers import TrainerCallback

from holdfast.benchmarks.engine.parallel.ranks import joined
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.suites.suite import load_suite
from holdfast.compare import Comparison, compare
from holdfast.errors import DataError, unknown
from holdfast.files import read_json, write_json
from holdfast.runs.measurement import Measurement, environments_of, read_measurement
from holdfast.trainers.estimate.endings import stop_tokens
from holdfast.trainers.models.arithmetic import check_same, check_scores
from holdfast.trainers.models.as_saved import as_saved
from holdfast.trainers.models.measurable import check_values, lost_weights, names, tokenizer_of, writable
from holdfast.trainers.run import callback_run, remeasure, validation
from holdfast.trainers.run.learned_ends import unlearned_end
from holdfast.trainers.run.rewarded import reward_findings
from holdfast.trainers.run.run_dir import amend_manifest
from holdfast.trainers.run.stopping import stopping_findings
from holdfast.trainers.run.tracking import trackers

log = logging.getLogger("holdfast")


class BeforeAfter(TrainerCallback):  # type: ignore[misc]  # transformers is not typed
    """Measures `suite` when training begins and when it ends, compares, and writes the report into `out`.

    `margin`: points. `cache`: a folder shared between runs, so that a model is measured once (default: `out`/cache).
    `overwrite`: begin anew in a directory that holds another run. After training, `comparison` holds the result; it is
    None when measuring failed, which is logged with the command that repeats it.

    Raises UsageError for an unknown suite or target, or for an `out` that holds another run; DataError for a resumed
    training whose starting model was not the one measured there. All of it before the first step.
    """

    def __init__(
        self,
        suite: Any = "quick",
        *,
        out: str | Path,
        target: str | Sequence[str] = (),
        margin: float | None = None,
        data_root: str | Path | None = None,
        cache: str | Path | None = None,
        limit: int | None = None,
        batch_size: int | Literal["auto"] = 16,
        overwrite: bool = False,
    ) -> None:
        given = {"margin": margin, "limit": limit, "batch_size": batch_size, "overwrite": overwrite}
        check_values("BeforeAfter", BeforeAfter.__init__, given)
        Settings(batch_size=batch_size, limit=limit).check()
        self.given_suite, self.suite = suite, load_suite(suite)
        target = names(target)
        for name in target:
            if name not in self.suite.names:
                raise unknown(f"target of suite {self.suite.name!r}", name, self.suite.names)
        self.out, self.target, self.margin = Path(out), target, margin
        self.data_root = Path(data_root) if data_root else None
        self.cache = Path(cache) if cache else None
        self.limit, self.batch_size, self.overwrite = limit, batch_size, overwrite
        self.comparison: Comparison | None = None
        self.findings: tuple[str, ...] = ()

    def on_train_begin(self, args: Any, state: Any, control: Any, **extra: Any) -> None:
        """Measure the starting model; of a resumed training, read its measurement and check that it is its own."""
        tokenizer_of(extra, "BeforeAfter")
        dataset = getattr(extra.get("train_dataloader"), "dataset", None)
        mine = callback_run.identity(args, self.suite, {"limit": self.limit, "batch_size": self.batch_size}, dataset)
        with joined() as ranks:  # what stops one process here stops all
            if ranks.first and state.global_step:
                self._take_up(state, mine)
            elif ranks.first:
                writable(self.out)
                callback_run.open_new(self.out, mine, self.overwrite)
            ranks.meet()
        if state.global_step:
            self.before = read_measurement(self.out / "before")
        else:
            self.before = self._measure(extra, "before")
        check_scores(self.before)
        callback_run.stamp(state, self.out)
        if state.is_world_process_zero:
            self._look_at_batches(extra)
            trackers.remember(args, self.out)

    def on_train_end(self, args: Any, state: Any, control: Any, **extra: Any) -> None:
        """Measure the trained model, compare, report. A failure is logged: the model is trained, and must be kept."""
        try:
            self._finish(args, state, extra)
        except Exception as error:  # noqa: BLE001  # whatever it is, the script goes on to save its model
            if state.is_world_process_zero:
                remeasure.log_failure(self, Path(args.output_dir), error)

    def _take_up(self, state: Any, current: dict[str, Any]) -> None:
        if not (self.out / "before" / "results.json").is_file():
            raise DataError(
                f"training resumes at step {state.global_step}, but {self.out / 'before'} holds no measurement of"
                " the starting model; measure it with `holdfast eval`"
            )
        callback_run.refuse_other(self.out, current)
        began_with = callback_run.stamped(state, self.out)
        recorded = read_json(self.out / "before" / "state.json").get("engine")
        if began_with is None and not (self.out / "manifest.json").is_file():
            log.warning("the checkpoint does not say what it began with: %s is taken for it", self.out / "before")
        elif began_with != recorded:
            raise DataError(
                f"the checkpoint's training did not begin with the model that {self.out / 'before'} measured: resume"
                " with its own out=, or measure the model it began with"
            )

    def _look_at_batches(self, extra: Any) -> None:
        tokenizer = extra.get("processing_class") or extra.get("tokenizer")
        stops = stop_tokens(tokenizer, getattr(extra["model"], "generation_config", None))
        if found := unlearned_end(extra.get("train_dataloader"), set(stops)):
            self.findings = (found,)
            log.warning("%s", found)

    def _finish(self, args: Any, state: Any, extra: Any) -> None:
        from rich.console import Console

        from holdfast.report import terminal, write

        if state.is_world_process_zero:
            write_json(self.out / "training.json", {"steps": state.global_step, "log": state.log_history})
        after = self._measure(extra, "after")
        if not state.is_world_process_zero:
            return
        if environments := environments_of(after):
            amend_manifest(self.out, environments=environments)
        check_same(self.before, after)
        margin = None if self.margin is None else self.margin / 100
        comparison = compare(self.before, after, target=self.target, margin=margin)
        found = (
            *self.findings,
            *filter(None, [lost_weights(extra["model"])]),
            *stopping_findings(self.before, after),
            *validation.findings(state.log_history, bool(args.load_best_model_at_end)),
            *reward_findings(state.log_history, comparison),
        )
        self.comparison = replace(comparison, warnings=(*comparison.warnings, *found))
        write(self.comparison, self.out)
        trackers.send(self.comparison, self.out, state.global_step)
        Console(stderr=True).print(terminal(self.comparison))
        log.info("report: %s", self.out / "report.html")

    def _measure(self, extra: Any, part: str) -> Measurement:
        from holdfast.benchmarks.engine.measuring import measure

        model, tokenizer = extra["model"], tokenizer_of(extra, "BeforeAfter")
        name = f"{getattr(model, 'name_or_path', '') or 'model'} ({part})"
        with as_saved(model, tokenizer, name) as loaded:
            return measure(
                loaded,
                self.suite,
                self.out / part,
                data_root=self.data_root,
                cache=self.cache or self.out / "cache",
                settings=Settings(batch_size=self.batch_size, limit=self.limit),
                together=True,
                drafts=self.out / "before" if part == "after" else None,
            )
