"""Mend: cure a regression without training, on the line of weights between the base and the tuned model.

A few points of the line are measured on one half of the items and judged by the gate's own statistics; of those that
pass, the one with the greatest gain is measured once more on the other half, which no choice has seen. Why it works:
the loss is nearly convex along that line, and what was forgotten often comes back sooner than the new skill goes
(WiSE-FT, arXiv 2109.01903; model averaging against the alignment tax, arXiv 2309.06256).
"""

import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from holdfast.benchmarks.models import load
from holdfast.compare import Comparison, Decision, compare
from holdfast.errors import UsageError
from holdfast.report import write as write_report
from holdfast.rows import write_json
from holdfast.run import Measurement
from holdfast.trainers.config import TrainConfig
from holdfast.trainers.directory import default_cache, finished_run
from holdfast.trainers.halves import Half, half
from holdfast.trainers.measuring import suite_of
from holdfast.trainers.model import free, load_base, load_trained, measuring_dtype, model_place, threads
from holdfast.trainers.weights import blend

DEFAULT_WEIGHTS = (0.25, 0.5, 0.7, 0.85, 1.0)


@dataclass(frozen=True)
class Point:
    """One point of the line, as the selection half sees it."""

    weight: float
    gain: float
    """Mean difference of the targets (of the held skills, where there is no target); score units."""
    held: float
    """Mean difference of the held skills."""
    decision: str
    worst: str
    """The held skill that lost most, with its difference in points."""


@dataclass(frozen=True)
class Mended:
    """What mending came to."""

    out: Path
    points: tuple[Point, ...]
    chosen: Point | None
    """None: no point passes."""
    confirmation: Comparison | None
    """The chosen point against the base on the half that no choice has seen."""


def mend(run: Path, weights: Sequence[float] = DEFAULT_WEIGHTS, margin: float | None = None) -> Mended:
    """Mend a finished run; writes `run`/mend with the frontier, the mended checkpoint and its report.

    `margin`: points, by default the run's own. Raises DataError for a directory that is no finished run, UsageError
    for a weight outside [0, 1].
    """
    for weight in weights:
        if not 0 <= weight <= 1:
            raise UsageError(f"a point of the line lies between 0 and 1, not at {weight}")
    config = finished_run(run)
    margin = config.margin if margin is None else margin
    line = _Line(config, run, None if margin is None else margin / 100)
    with threads(config.model.threads):
        points = [line.point(weight) for weight in sorted(set(weights))]
        points = sorted([*points, *_refined(line, points)], key=lambda p: p.weight)
        chosen = _best(points)
        confirmation = line.confirm(chosen.weight) if chosen else None
    return _write(line, points, chosen, confirmation)


class _Line:
    """The line of one run, measured where asked."""

    def __init__(self, config: TrainConfig, run: Path, margin: float | None) -> None:
        self.config, self.run, self.margin = config, run, margin
        self.out = run / "mend"
        self.base = _base_directory(config)

    def point(self, weight: float) -> Point:
        """Judge a point on the selection half."""
        comparison = self._compare(weight, "selection")
        worst = min(comparison.held, key=lambda b: b.difference, default=None)
        held = comparison.macro.difference if comparison.macro else 0.0
        targets = [b.difference for b in comparison.targets]
        return Point(
            weight=weight,
            gain=sum(targets) / len(targets) if targets else held,
            held=held,
            decision=str(comparison.decision),
            worst=f"{worst.task} {100 * worst.difference:+.1f}" if worst else "",
        )

    def confirm(self, weight: float) -> Comparison:
        """Judge a point on the half that played no part in choosing it."""
        return self._compare(weight, "confirmation")

    def checkpoint(self, weight: float) -> Path:
        """The weights of a point, blended when they are not there."""
        place = self.out / "points" / f"{weight:g}" / "checkpoint"
        if not (place / "complete").is_file():
            blend(self.base, self.run / "checkpoint", weight, place)
            (place / "complete").touch()
        return place

    def _compare(self, weight: float, which: Half) -> Comparison:
        before = self._measure("base", which)
        after = self._measure(f"{weight:g}", which, self.checkpoint(weight))
        return compare(before, after, target=self.config.target, margin=self.margin)

    def _measure(self, name: str, which: Half, checkpoint: Path | None = None) -> Measurement:
        from holdfast.benchmarks.engine import measure
        from holdfast.benchmarks.settings import Settings

        data_root = Path(self.config.data_root) if self.config.data_root else None
        config = self.config.model
        loaded = load_trained(config, checkpoint) if checkpoint else load_base(config)
        found = measure(
            loaded,
            half(suite_of(self.config), which, data_root, self.config.limit),
            self.out / "points" / name / which,
            cache=default_cache(self.config),
            settings=Settings(batch_size=config.batch_size),
        )
        del loaded
        free()
        return found


def _refined(line: _Line, points: Sequence[Point]) -> list[Point]:
    """One more point between the farthest that passes and the next."""
    passing = [i for i, point in enumerate(points) if point.decision == Decision.PASS]
    if not passing or passing[-1] == len(points) - 1:
        return []
    here, beyond = points[passing[-1]].weight, points[passing[-1] + 1].weight
    return [line.point(round((here + beyond) / 2, 4))]


def _best(points: Sequence[Point]) -> Point | None:
    passing = [point for point in points if point.decision == Decision.PASS and point.weight > 0]
    return max(passing, key=lambda point: (point.gain, -point.weight), default=None)


def _base_directory(config: TrainConfig) -> Path:
    """Where the base model's weights lie; a hub id is found in the hub's cache by loading it."""
    place = model_place(config.model)
    if Path(place).is_dir():
        return Path(place)
    from huggingface_hub import snapshot_download

    load(config.model.path, revision=config.model.revision, dtype=measuring_dtype(config.model.dtype))
    return Path(snapshot_download(config.model.path, revision=config.model.revision, local_files_only=True))


def _write(line: _Line, points: Sequence[Point], chosen: Point | None, confirmation: Comparison | None) -> Mended:
    """Keep the chosen checkpoint, its report and the frontier; drop the other points' weights."""
    if chosen and confirmation:
        shutil.rmtree(line.out / "checkpoint", ignore_errors=True)
        shutil.copytree(line.checkpoint(chosen.weight), line.out / "checkpoint")
        (line.out / "checkpoint" / "complete").unlink()
        write_report(confirmation, line.out)
    for place in (line.out / "points").glob("*/checkpoint"):
        shutil.rmtree(place)
    record: dict[str, Any] = {
        "points": [asdict(point) for point in points],
        "chosen": chosen.weight if chosen else None,
        "confirmed": str(confirmation.decision) if confirmation else None,
    }
    write_json(line.out / "mend.json", record)
    return Mended(line.out, tuple(points), chosen, confirmation)
