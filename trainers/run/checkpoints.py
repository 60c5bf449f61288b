"""Which checkpoints a training leaves: `checkpoints` of them, evenly spaced, so that one can see when a skill broke.

The newest alone keeps the optimizer's state, which is what a killed run goes on from; the older ones are weights. So
the disk holds the optimizer once, whatever the number.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

TRLS_OWN = ("save_strategy", "save_steps", "save_total_limit")
"""Who sets one of these in `trainer.args` gets TRL's own behaviour."""
OPTIMIZER_FILES = ("optimizer.pt", "optimizer.bin", "scheduler.pt", "scaler.pt", "rng_state*.pth")
OPTIMIZER_FOLDERS = ("optimizer_*", "global_step*")


def keeps_own_checkpoints(given: Mapping[str, Any]) -> bool:
    """Whether checkpoints are kept as here, not as TRL's settings say."""
    return not any(key in given for key in TRLS_OWN)


def spaced(steps: int, count: int) -> list[int]:
    """`count` steps that divide a training of `steps` evenly, the last step left out: its weights are the result.

    >>> spaced(200, 4)
    [40, 80, 120, 160]
    """
    return sorted({round(steps * part / (count + 1)) for part in range(1, count + 1)} - {0, steps})


def saved(training: Path) -> dict[int, Path]:
    """The checkpoints in a training's directory, by step."""
    found = {int(p.name.rpartition("-")[2]): p for p in training.glob("checkpoint-*") if p.is_dir()}
    return dict(sorted(found.items()))


def disk(weights: int, optimizer: int, count: int) -> int:
    """Bytes that `count` checkpoints, the newest whole one and the result take together."""
    return weights * (count + 2) + optimizer


class CheckpointKeeper(TrainerCallback):  # type: ignore[misc]  # transformers is not typed
    """Saves at evenly spaced steps besides TRL's own, and drops what is then no longer needed."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.steps: set[int] = set()

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """The number of steps is known now."""
        self.steps = set(spaced(state.max_steps, self.count))

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Ask for a checkpoint."""
        if state.global_step in self.steps:
            control.should_save = True

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """A newer checkpoint is whole: of the older ones the evenly spaced stay, as weights."""
        if not state.is_world_process_zero:
            return
        for step, path in saved(Path(args.output_dir)).items():
            if step >= state.global_step:
                continue
            if step in self.steps or path.name == Path(state.best_model_checkpoint or "").name:
                weights_only(path)
            else:
                shutil.rmtree(path)


def weights_only(checkpoint: Path) -> None:
    """Drop what only a resumed training reads, where the weights lie beside it."""
    if not any(checkpoint.glob("*.safetensors")):
        return
    (checkpoint / "trainer_state.json").unlink(missing_ok=True)  # first: from now on nothing resumes from here
    for pattern in OPTIMIZER_FILES:
        for file in checkpoint.glob(pattern):
            file.unlink()
    for pattern in OPTIMIZER_FOLDERS:
        for folder in checkpoint.glob(pattern):
            shutil.rmtree(folder)
