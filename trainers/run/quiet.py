"""One line of progress at a time: the libraries' bars, notices and dumped log entries are left out of a training.

What they warn of and what concerns a training is said by Holdfast itself: cut rows, end tokens, losses that are no
number. Errors are never left out.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from transformers import TrainerCallback

from holdfast.progress import Progress

_LOUD = ("transformers", "trl", "peft", "accelerate", "datasets", "torch.distributed", "torch")


@contextmanager
def quiet() -> Iterator[None]:
    """Libraries say errors alone, and draw no bars."""
    import datasets
    import transformers

    loggers = [logging.getLogger(name) for name in _LOUD]
    levels = [logger.level for logger in loggers]
    bars = transformers.utils.logging.is_progress_bar_enabled(), datasets.are_progress_bars_disabled()
    transformers.utils.logging.disable_progress_bar()
    datasets.disable_progress_bars()
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        if bars[0]:
            transformers.utils.logging.enable_progress_bar()
        if not bars[1]:
            datasets.enable_progress_bars()


class Line(TrainerCallback):  # type: ignore[misc]  # transformers is not typed
    """The training's one line: `train  120/200  5.1/s  0:16 left`, with its loss or reward; where there is no
    terminal, a line every quarter of a minute."""

    def __init__(self) -> None:
        self.progress: Progress | None = None
        self._done = 0

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """The number of steps is known now."""
        if state.is_world_process_zero:
            self._done = state.global_step
            self.progress = Progress("train", state.max_steps, state.global_step).__enter__()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """One step more."""
        if self.progress:
            self.progress.advance(state.global_step - self._done)
            self._done = state.global_step

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """Show the newest loss and reward."""
        shown = [f"{name} {logs[name]:.3g}" for name in ("loss", "eval_loss", "reward") if _is_number(logs, name)]
        if self.progress and shown:
            self.progress.label = "  ".join(["train", *shown])

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """The last line stays."""
        if self.progress:
            self.progress.__exit__(None, None, None)
            self.progress = None


def _is_number(logs: Any, name: str) -> bool:
    return isinstance((logs or {}).get(name), int | float)
