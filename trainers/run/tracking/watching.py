"""Callbacks that look on while a training runs: its one line of progress, and its trackers' runs."""

from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from holdfast.process.progress import Progress
from holdfast.trainers.run.tracking import trackers


class Trackers(TrainerCallback):  # type: ignore[misc]  # transformers is not typed
    """Remembers the runs that are open, in `out`/trackers.json."""

    def __init__(self, out: Path) -> None:
        self.out = out

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """The trackers' own callbacks have opened their runs by now."""
        if state.is_world_process_zero:
            trackers.remember(args, self.out)


class ProgressLine(TrainerCallback):  # type: ignore[misc]  # transformers is not typed
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
        """Count one step."""
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
