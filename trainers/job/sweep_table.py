"""A sweep in the terminal: one line per training, and the outcome in a sentence."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.report import phrases
from holdfast.report.fitted import Fitted
from holdfast.report.sweep.page import summary
from holdfast.report.sweep.points import Point, missing_jobs, read_sweep

if TYPE_CHECKING:
    from rich.table import Table

MOST = 40
"""Lines shown; the page holds all."""


def show(out: Path) -> None:
    """Print the finished trainings, the greatest gain first, what is missing, and which is best."""
    from rich.console import Console

    points, missing = read_sweep(out), missing_jobs(out)
    console = Console(width=None if Console().is_terminal else 120, highlight=False)
    console.print(Fitted(table(points)))
    if len(points) > MOST:
        console.print(f"… and {len(points) - MOST} more")
    for job in missing:
        console.print(f"{job.name}: {job.status} {job.why}".rstrip(), markup=False)
        console.print(f"   alone: {job.rerun}", markup=False, soft_wrap=True)
    console.print(summary(points), markup=False)


def table(points: Sequence[Point]) -> "Table":
    """Name, gain of the targets, change of the held skills' mean and of the worst one (in points), verdict."""
    from rich.table import Table

    grid = Table(header_style="bold", pad_edge=False, box=None)
    for heading in ("training", "gain", "held, mean", "worst held", "", "verdict"):
        grid.add_column(heading, justify="right" if heading in ("gain", "held, mean", "worst held") else "left")
    for point in sorted(points, key=lambda one: -(one.gain or 0.0))[:MOST]:
        macro, worst = point.comparison.macro, point.worst
        grid.add_row(
            point.name,
            "–" if point.gain is None else phrases.points(point.gain),
            "–" if macro is None else phrases.points(macro.difference),
            "–" if worst is None else phrases.points(worst.difference),
            "" if worst is None else worst.task,
            str(point.comparison.decision),
        )
    return grid
