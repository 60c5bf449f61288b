"""Points between the base and the tuned model, made and measured where asked."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from holdfast.benchmarks.engine.backends.models import load
from holdfast.compare import Comparison, compare
from holdfast.errors import DataError
from holdfast.runs.layout import PointRecord
from holdfast.runs.measurement import Measurement, read_measurement
from holdfast.trainers.models.model import measuring_dtype, model_place
from holdfast.trainers.repair.blend import blend
from holdfast.trainers.repair.finished_run import FinishedRun
from holdfast.trainers.repair.merge_spec import Recipe
from holdfast.trainers.repair.replay_steps import Replay, train_on_replay
from holdfast.trainers.repair.split import Half, half
from holdfast.trainers.run.checkpoint_eval import finished, measured, suite_of
from holdfast.trainers.settings.config import TrainConfig


@dataclass(frozen=True)
class Point:
    """One point, as the selection half sees it."""

    recipe: Recipe
    gain: float
    """Mean difference of the targets (of the held skills, where there is no target); score units."""
    held: float
    """Mean difference of the held skills."""
    decision: str
    worst: str
    """The held skill that lost most, with its difference in points."""
    differences: tuple[tuple[str, float], ...] = ()
    """The difference of every task; score units."""
    aimed: bool = True
    """Whether the gain is one of targets."""

    @property
    def passes(self) -> bool:
        """True when the gate lets the point pass."""
        return self.decision == "PASS"

    def record(self) -> PointRecord:
        """The point as mend.json holds it."""
        return {
            "name": self.recipe.name,
            "weight": self.recipe.weight,
            "weights": dict(self.recipe.weights),
            "density": self.recipe.density,
            "steps": self.recipe.steps,
            "gain": self.gain,
            "held": self.held,
            "worst": self.worst,
            "differences": dict(self.differences),
            "decision": self.decision,
        }


class Interpolation:
    """The points of one run. Every measurement is kept on disk, so that a killed mend goes on where it was."""

    def __init__(self, finished_run: FinishedRun, margin: float, replay: Replay | None = None) -> None:
        self.finished_run, self.config, self.margin, self.replay = finished_run, finished_run.config, margin, replay
        self.out = finished_run.run / "mend"
        self.base = base_directory(self.config)

    def point(self, recipe: Recipe) -> Point:
        """Judge a point on the selection half."""
        comparison = self._compare(recipe, "selection")
        worst = min(comparison.held, key=lambda b: b.difference, default=None)
        differences = [b.difference for b in comparison.held]
        targets = [b.difference for b in comparison.targets] or differences
        return Point(
            recipe=recipe,
            gain=sum(targets) / len(targets),
            held=sum(differences) / len(differences) if differences else 0.0,
            decision=str(comparison.decision),
            worst=f"{worst.task} {100 * worst.difference:+.1f}" if worst else "",
            differences=tuple((b.task, b.difference) for b in comparison.benchmarks),
            aimed=bool(comparison.targets),
        )

    def confirm(self, recipe: Recipe) -> Comparison:
        """Judge a point on the half that played no part in choosing it."""
        return self._compare(recipe, "confirmation")

    def write(self, recipe: Recipe) -> Path:
        """Put a point's weights into `mend/checkpoint`."""
        checkpoint = self.out / "checkpoint"
        shutil.rmtree(checkpoint, ignore_errors=True)
        self._checkpoint_of(recipe).rename(checkpoint)
        return checkpoint

    def items(self) -> dict[str, int]:
        """Items of the base's measurement in each half that was asked for."""
        places = {which: self.out / "points" / "base" / which for which in ("selection", "confirmation")}
        return {
            which: sum(result.n for result in read_measurement(folder).tasks.values())
            for which, folder in places.items()
            if finished(folder)
        }

    def _checkpoint_of(self, recipe: Recipe) -> Path:
        """A point's weights on disk; those trained with replay are kept, for training costs more than blending."""
        checkpoint = self.out / "points" / recipe.name / "checkpoint"
        if (checkpoint / "complete").is_file():
            (checkpoint / "complete").unlink()
            return checkpoint
        shutil.rmtree(checkpoint, ignore_errors=True)
        if recipe.steps and self.replay:
            start = Recipe(recipe.weights, recipe.density)
            train_on_replay(self.config, lambda to: blend(self.base, self._tuned, start, to), self.replay, checkpoint)
        else:
            blend(self.base, self._tuned, recipe, checkpoint)
        return checkpoint

    @property
    def _tuned(self) -> Path:
        return self.finished_run.run / "checkpoint"

    def _compare(self, recipe: Recipe, which: Half) -> Comparison:
        before = self._measure("base", which, None)
        after = self._measure(recipe.name, which, recipe)
        return compare(before, after, target=self.config.target, margin=self.margin)

    def _measure(self, name: str, which: Half, recipe: Recipe | None) -> Measurement:
        out = self.out / "points" / name / which
        if finished(out):
            return read_measurement(out)
        checkpoint = self._checkpoint_of(recipe) if recipe else None
        suite = half(suite_of(self.config), which, self.finished_run.data_root, self.config.limit)
        base = self.out / "points" / "base" / which if recipe else None
        found = measured(self.config, out, checkpoint, suite=suite, whole=True, drafts=base)
        if checkpoint and recipe and recipe.steps:
            (checkpoint / "complete").touch()
        elif checkpoint:
            shutil.rmtree(checkpoint)
        return found


def base_directory(config: TrainConfig) -> Path:
    """Where the base model's weights lie; a hub id is found in the hub's cache by loading it."""
    path = model_place(config.model.path)
    if Path(path).is_dir():
        return Path(path)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    load(config.model.path, revision=config.model.revision, dtype=measuring_dtype(config.model.dtype))
    try:
        return Path(snapshot_download(config.model.path, revision=config.model.revision, local_files_only=True))
    except LocalEntryNotFoundError as error:
        raise DataError(
            f"the weights of {config.model.path} are not in the hub's cache; give base=DIRECTORY"
        ) from error


def names(points: Sequence[Point]) -> set[str]:
    """The names of the points' recipes."""
    return {point.recipe.name for point in points}
