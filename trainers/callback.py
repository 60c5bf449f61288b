"""Three lines in a training script of one's own: measured before, measured after, the same report.

    from holdfast.trainers.callback import BeforeAfter

    trainer = SFTTrainer(…, callbacks=[BeforeAfter(suite="quick", target=["gsm8k"], out="runs/mine")])
    trainer.train()

Works with any TRL or transformers trainer of a causal language model. For LoRA the measurement before is that of the
base model: the adapter is switched off for it.
"""

import contextlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from holdfast.benchmarks.engine.backends.models import LoadedModel
from holdfast.benchmarks.suites.suite import load_suite
from holdfast.compare import Comparison, compare
from holdfast.errors import DataError, unknown
from holdfast.files import write_json
from holdfast.runs.manifest import manifest
from holdfast.runs.measurement import Measurement, read_measurement

log = logging.getLogger("holdfast")


class BeforeAfter(TrainerCallback):  # type: ignore[misc]  # transformers is not typed
    """Measures `suite` when training begins and when it ends, compares, and writes the report into `out`.

    `margin`: points. `cache`: a folder shared between runs, so that a model is measured once (default: `out`/cache).
    After training, `comparison` holds the result. Raises UsageError for an unknown suite or target.
    """

    def __init__(
        self,
        suite: Any = "quick",
        *,
        out: str | Path,
        target: Sequence[str] = (),
        margin: float | None = None,
        data_root: str | Path | None = None,
        cache: str | Path | None = None,
        limit: int | None = None,
        batch_size: int = 16,
    ) -> None:
        self.suite = load_suite(suite)
        for name in target:
            if name not in self.suite.names:
                raise unknown(f"target of suite {self.suite.name!r}", name, self.suite.names)
        self.out, self.target, self.margin = Path(out), tuple(target), margin
        self.data_root = Path(data_root) if data_root else None
        self.cache = Path(cache) if cache else None
        self.limit, self.batch_size = limit, batch_size
        self.comparison: Comparison | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **extra: Any) -> None:
        """Measure the starting model, unless a resumed training's measurement is there."""
        if not _is_main(state):
            return
        if (self.out / "before" / "results.json").is_file():
            self.before = read_measurement(self.out / "before")
            return
        if state.global_step:
            raise DataError(
                f"training resumes at step {state.global_step}, but {self.out / 'before'} holds no measurement of"
                " the starting model; measure it with `holdfast eval`"
            )
        write_json(self.out / "manifest.json", manifest(args.to_dict(), kind="callback"))
        with adapter_off(extra["model"]):
            self.before = self._measure(extra, "before")

    def on_train_end(self, args: Any, state: Any, control: Any, **extra: Any) -> None:
        """Measure the trained model, compare, report."""
        from rich.console import Console

        from holdfast.report import terminal, write

        if not _is_main(state):
            return
        write_json(self.out / "training.json", {"steps": state.global_step, "log": state.log_history})
        after = self._measure(extra, "after")
        margin = None if self.margin is None else self.margin / 100
        self.comparison = compare(self.before, after, target=self.target, margin=margin)
        write(self.comparison, self.out)
        Console(stderr=True).print(terminal(self.comparison))
        log.info("report: %s", self.out / "report.html")

    def _measure(self, extra: Any, part: str) -> Measurement:
        from holdfast.benchmarks.engine.measuring import measure
        from holdfast.benchmarks.engine.settings import Settings

        model, words = extra["model"], extra.get("processing_class") or extra.get("tokenizer")
        name = f"{getattr(model, 'name_or_path', '') or 'model'} ({part})"
        return measure(
            LoadedModel(model, words, name),
            self.suite,
            self.out / part,
            data_root=self.data_root,
            cache=self.cache or self.out / "cache",
            settings=Settings(batch_size=self.batch_size, limit=self.limit),
        )


def adapter_off(model: Any) -> contextlib.AbstractContextManager[Any]:
    """The base model within a PeftModel; nothing changes for any other."""
    off = getattr(model, "disable_adapter", None)
    return off() if off else contextlib.nullcontext()


def _is_main(state: Any) -> bool:
    return bool(state.is_world_process_zero)
