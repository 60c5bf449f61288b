"""What of a comparison goes into a tracker's run: numbers, verdict, a table of the benchmarks, the report's files."""

from dataclasses import dataclass
from pathlib import Path

from holdfast.compare import Comparison

COLUMNS = ("benchmark", "role", "before", "after", "change", "low", "high", "items", "verdict")
NAME = "holdfast/benchmarks"
"""The table's name in a run."""


@dataclass(frozen=True)
class Content:
    """One comparison for a tracker; scores and changes in points."""

    numbers: dict[str, float]
    verdict: str
    rows: list[list[str | float | int]]
    """By `COLUMNS`."""
    files: list[Path]
    """report.html, .md and .json, as far as they are written."""
    step: int

    @property
    def markdown(self) -> str:
        """The table, for a tracker that shows texts."""
        lines = [COLUMNS, ["---"] * len(COLUMNS), *self.rows]
        return "\n".join(f"| {' | '.join(_shown(cell) for cell in line)} |" for line in lines)


def content_of(comparison: Comparison, out: Path, step: int) -> Content:
    """What is sent of a comparison whose report lies in `out`."""
    rows: list[list[str | float | int]] = [
        [
            one.task,
            one.role,
            100 * one.before,
            100 * one.after,
            100 * one.difference,
            100 * one.interval.low,
            100 * one.interval.high,
            one.n,
            str(one.verdict),
        ]
        for one in comparison.benchmarks
    ]
    files = [out / f"report.{form}" for form in ("html", "md", "json")]
    verdict = f"{comparison.decision}: {comparison.sentence}"
    return Content(facts(comparison), verdict, rows, [file for file in files if file.is_file()], step)


def facts(comparison: Comparison) -> dict[str, float]:
    """The numbers, in points."""
    found: dict[str, float] = {}
    for one in comparison.benchmarks:
        found[f"holdfast/before/{one.task}"] = 100 * one.before
        found[f"holdfast/after/{one.task}"] = 100 * one.after
        found[f"holdfast/change/{one.task}"] = 100 * one.difference
    if comparison.targets:
        found["holdfast/gain"] = 100 * sum(one.difference for one in comparison.targets) / len(comparison.targets)
    if comparison.held:
        found["holdfast/worst_held"] = 100 * min(one.difference for one in comparison.held)
    return found


def _shown(cell: str | float | int) -> str:
    return f"{cell:.1f}" if isinstance(cell, float) else str(cell).replace("|", " ")
