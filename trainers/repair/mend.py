"""Mend: cure a regression without training, between the weights of the base and the tuned model.

A few points are measured on one half of the items and judged by the gate's own statistics; of those that pass, the one
with the greatest gain is measured once more on the other half, which no choice has seen: however many points were
tried, a false pass there has the gate's own probability. Why it works: the loss is nearly convex along that line, and
what was forgotten often comes back sooner than the new skill goes (WiSE-FT, arXiv 2109.01903; model averaging against
the alignment tax, arXiv 2309.06256).
"""

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from holdfast.compare import Comparison, Decision
from holdfast.errors import UsageError
from holdfast.files import write_json
from holdfast.logs import notice
from holdfast.report import write as write_report
from holdfast.runs.layout import MendRecord
from holdfast.trainers.models.model import threads
from holdfast.trainers.repair.finished_run import FinishedRun, load_finished_run
from holdfast.trainers.repair.interpolation import Interpolation, Point
from holdfast.trainers.repair.merge_spec import Recipe, check_grouping
from holdfast.trainers.repair.replay_steps import Replay, replay_of
from holdfast.trainers.repair.search import along_the_line, best, by_groups, start, trimmed

DEFAULT_WEIGHTS = (0.25, 0.5, 0.7, 0.85, 1.0)


@dataclass(frozen=True)
class Search:
    """Which points are tried."""

    weights: Sequence[float] | None = None
    """Weights of the line's points; None: DEFAULT_WEIGHTS, and no point at all when the run shows no proven drop."""
    groups: str | None = None
    """`kind` or `depth`: weights of their own for groups of layers, by coordinate search."""
    budget: int = 12
    """Points of that search."""
    densities: Sequence[float] = ()
    """Shares of every tensor's largest changes to keep (TIES, arXiv 2306.01708)."""
    replay: int = 0
    """Steps of replay from the best point."""
    ratio: float = 0.5
    """Share of old lessons in them."""
    replay_data: str | None = None


@dataclass(frozen=True)
class MendResult:
    """What mending came to."""

    out: Path
    points: tuple[Point, ...]
    chosen: Point | None
    """None: no point is a cure (`reason`), or there was nothing to mend."""
    confirmation: Comparison | None
    """The best point against the base on the half that no choice has seen."""
    finished_run: FinishedRun
    reason: str = ""
    """Why no point was chosen."""

    @property
    def nothing(self) -> bool:
        """The run shows no proven drop."""
        return not self.points


def mend(
    run: Path,
    search: Search | None = None,
    margin: float | None = None,
    base: str | None = None,
    secrets: Mapping[str, str] | None = None,
) -> MendResult:
    """Mend a finished run; writes `run`/mend with the frontier, the mended checkpoint and its report.

    `margin`: points, the same for every point; by default what the run's own report used. `base`: where the base model
    lies now. `secrets`: those of the run's settings, by their dotted keys, for its manifest masks them. Killed, it goes
    on where it was. Raises DataError for a directory that is no finished run, UsageError for
    a setting out of its range.
    """
    settings = search or Search()
    _check(settings)
    finished_run = load_finished_run(run, base, secrets, trains=bool(settings.replay))
    if settings.weights is None and finished_run.comparison.decision != Decision.REGRESSED:
        return MendResult(run / "mend", (), None, None, finished_run)
    began = time.perf_counter()
    replay = (
        replay_of(finished_run.config, settings.replay, settings.ratio, settings.replay_data)
        if settings.replay
        else None
    )
    interpolation = Interpolation(
        finished_run, finished_run.comparison.margin if margin is None else margin / 100, replay
    )
    _tell_cost(finished_run, settings)
    with threads(finished_run.config.model.threads):
        points = _points(interpolation, settings, replay)
        chosen = best(points)
        confirmation = interpolation.confirm(chosen.recipe) if chosen else None
    reason = why_none(points, chosen, confirmation)
    chosen = None if reason else chosen
    mended = MendResult(interpolation.out, tuple(points), chosen, confirmation, finished_run, reason)
    _write(interpolation, mended, time.perf_counter() - began)
    return mended


def gains_nothing(comparison: Comparison) -> bool:
    """Whether the targets' mean did not rise; False where there is no target."""
    return bool(comparison.targets) and sum(target.difference for target in comparison.targets) <= 0


def why_none(points: Sequence[Point], best_point: Point | None, confirmation: Comparison | None) -> str:
    """Why no point is a cure, as a sentence; empty where the best one is."""
    if best_point and confirmation and gains_nothing(confirmation):
        return (
            f"Point {best_point.recipe.name} passed where it was chosen, but gained nothing on the other half of the "
            "items: it is no cure."
        )
    if best_point:
        return ""
    passing = [point.recipe.name for point in points if point.passes]
    if passing:
        return f"What passes gains nothing ({', '.join(passing)}): it is no cure."
    return "No point passes: what was gained cannot be had on this line without what was lost."


def _points(interpolation: Interpolation, search: Search, replay: Replay | None) -> list[Point]:
    points = along_the_line(interpolation.point, search.weights or DEFAULT_WEIGHTS)
    line_only = tuple(points)
    points += trimmed(interpolation.point, line_only, search.densities) if search.densities else []
    points += by_groups(interpolation.point, line_only, search.groups, search.budget) if search.groups else []
    if replay:
        chosen = start(points).recipe
        points.append(interpolation.point(Recipe(chosen.weights, chosen.density, replay.steps)))
    return points


def _check(search: Search) -> None:
    for weight in search.weights or ():
        if not 0 <= weight <= 1:
            raise UsageError(f"a point of the line lies between 0 (base) and 1 (tuned), not at {weight}")
    for density in search.densities:
        if not 0 < density < 1:
            raise UsageError(f"density is the share of changes to keep, between 0 and 1, not {density}")
    if search.groups:
        check_grouping(search.groups)
    if search.budget < 1:
        raise UsageError(f"budget is a number of points, at least 1, not {search.budget}")


def _tell_cost(finished_run: FinishedRun, search: Search) -> None:
    """How much is to be measured, before it begins."""
    count = len(set(search.weights or DEFAULT_WEIGHTS)) + 1
    count += 2 * len(search.densities) + (search.budget if search.groups else 0) + bool(search.replay)
    seconds = finished_run.seconds("measure after")
    each = (
        f", about {seconds / 2:.0f} s each (the run's own measurement of all items took {seconds:.0f} s)"
        if seconds
        else ""
    )
    notice(
        f"mend: at most {count} points on half of the items{each}; the chosen one on the other half"
        + (f"; {search.replay} steps of training" if search.replay else "")
    )


def _write(interpolation: Interpolation, mended: MendResult, seconds: float) -> None:
    """Keep the chosen checkpoint, its report and the frontier; drop the other points' weights, and what an earlier
    mend had chosen."""
    chosen, confirmation = mended.chosen, mended.confirmation
    if chosen and confirmation:
        interpolation.write(chosen.recipe)
        write_report(confirmation, interpolation.out)
    else:
        shutil.rmtree(interpolation.out / "checkpoint", ignore_errors=True)
        for name in ("report.json", "report.md", "report.html"):
            (interpolation.out / name).unlink(missing_ok=True)
    for checkpoint in (interpolation.out / "points").glob("*/checkpoint"):
        shutil.rmtree(checkpoint)
    record: MendRecord = {
        "schema": 1,
        "points": [point.record() for point in mended.points],
        "chosen": chosen.recipe.name if chosen else None,
        "reason": mended.reason,
        "confirmed": str(confirmation.decision) if confirmation else None,
        "confirmation": confirmation.sentence if confirmation else "",
        "margin": 100 * interpolation.margin,
        "items": interpolation.items(),
        "seconds": round(seconds, 3),
    }
    write_json(interpolation.out / "mend.json", record)
    mended.finished_run.write_report()
