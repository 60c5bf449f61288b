"""Mend: cure a regression without training, between the weights of the base and the tuned model.

A few points are measured on one half of the items and judged by the gate's own statistics; of those that pass, the one
with the greatest gain is measured once more on the other half, which no choice has seen: however many points were
tried, a false pass there has the gate's own probability. Why it works: the loss is nearly convex along that line, and
what was forgotten often comes back sooner than the new skill goes (WiSE-FT, arXiv 2109.01903; model averaging against
the alignment tax, arXiv 2309.06256).
"""

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from holdfast.compare import Comparison, Decision
from holdfast.errors import UsageError
from holdfast.files import write_json
from holdfast.report import write as write_report
from holdfast.runs.layout import MendRecord
from holdfast.trainers.models.model import threads
from holdfast.trainers.repair.finished_run import Past, past_run, tell
from holdfast.trainers.repair.interpolation import Line, Point
from holdfast.trainers.repair.merge_spec import Recipe, check_grouping
from holdfast.trainers.repair.replay_steps import Rehearsal, rehearsal
from holdfast.trainers.repair.search import along_the_line, best, by_groups, start, trimmed

DEFAULT_WEIGHTS = (0.25, 0.5, 0.7, 0.85, 1.0)


@dataclass(frozen=True)
class Search:
    """Which points are tried."""

    weights: Sequence[float] | None = None
    """Of the line; None: DEFAULT_WEIGHTS, and nothing at all when the run shows no proven drop."""
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
class Mended:
    """What mending came to."""

    out: Path
    points: tuple[Point, ...]
    chosen: Point | None
    """None: no point passes, or there was nothing to mend."""
    confirmation: Comparison | None
    """The chosen point against the base on the half that no choice has seen."""
    past: Past

    @property
    def nothing(self) -> bool:
        """The run shows no proven drop."""
        return not self.points


def mend(run: Path, search: Search | None = None, margin: float | None = None, base: str | None = None) -> Mended:
    """Mend a finished run; writes `run`/mend with the frontier, the mended checkpoint and its report.

    `margin`: points, the same for every point; by default what the run's own report used. `base`: where the base model
    lies now. Killed, it goes on where it was. Raises DataError for a directory that is no finished run, UsageError for
    a setting out of its range.
    """
    how = search or Search()
    _check(how)
    past = past_run(run, base)
    if how.weights is None and past.comparison.decision != Decision.REGRESSED:
        return Mended(run / "mend", (), None, None, past)
    began = time.perf_counter()
    asked = rehearsal(past.config, how.replay, how.ratio, how.replay_data) if how.replay else None
    line = Line(past, past.comparison.margin if margin is None else margin / 100, asked)
    _tell_cost(past, how)
    with threads(past.config.model.threads):
        points = _points(line, how, asked)
        chosen = best(points)
        confirmation = line.confirm(chosen.recipe) if chosen else None
    return _write(line, points, chosen, confirmation, time.perf_counter() - began)


def _points(line: Line, how: Search, asked: Rehearsal | None) -> list[Point]:
    points = along_the_line(line.point, how.weights or DEFAULT_WEIGHTS)
    line_only = tuple(points)
    points += trimmed(line.point, line_only, how.densities) if how.densities else []
    points += by_groups(line.point, line_only, how.groups, how.budget) if how.groups else []
    if asked:
        chosen = start(points).recipe
        points.append(line.point(Recipe(chosen.weights, chosen.density, asked.steps)))
    return points


def _check(how: Search) -> None:
    for weight in how.weights or ():
        if not 0 <= weight <= 1:
            raise UsageError(f"a point of the line lies between 0 (base) and 1 (tuned), not at {weight}")
    for density in how.densities:
        if not 0 < density < 1:
            raise UsageError(f"density is the share of changes to keep, between 0 and 1, not {density}")
    if how.groups:
        check_grouping(how.groups)
    if how.budget < 1:
        raise UsageError(f"budget is a number of points, at least 1, not {how.budget}")


def _tell_cost(past: Past, how: Search) -> None:
    """How much is to be measured, before it begins."""
    count = len(set(how.weights or DEFAULT_WEIGHTS)) + 1
    count += 2 * len(how.densities) + (how.budget if how.groups else 0) + bool(how.replay)
    seconds = past.seconds("measure after")
    each = (
        f", about {seconds / 2:.0f} s each (the run's own measurement of all items took {seconds:.0f} s)"
        if seconds
        else ""
    )
    tell(
        f"mend: at most {count} points on half of the items{each}; the chosen one on the other half"
        + (f"; {how.replay} steps of training" if how.replay else "")
    )


def _write(
    line: Line, points: Sequence[Point], chosen: Point | None, confirmation: Comparison | None, seconds: float
) -> Mended:
    """Keep the chosen checkpoint, its report and the frontier; drop the other points' weights."""
    if chosen and confirmation:
        line.write(chosen.recipe)
        write_report(confirmation, line.out)
    else:
        shutil.rmtree(line.out / "checkpoint", ignore_errors=True)
    for place in (line.out / "points").glob("*/checkpoint"):
        shutil.rmtree(place)
    record: MendRecord = {
        "schema": 1,
        "points": [point.record() for point in points],
        "chosen": chosen.recipe.name if chosen else None,
        "confirmed": str(confirmation.decision) if confirmation else None,
        "confirmation": confirmation.sentence if confirmation else "",
        "margin": 100 * line.margin,
        "items": line.items(),
        "seconds": round(seconds, 3),
    }
    write_json(line.out / "mend.json", record)
    line.past.write_report()
    return Mended(line.out, tuple(points), chosen, confirmation, line.past)
