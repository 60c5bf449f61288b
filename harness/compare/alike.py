"""Whether two runs can be told apart, and whether their scores point the same way."""

import filecmp
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from holdfast.compare.judging.policy import Policy
from holdfast.compare.reading.columns import Table
from holdfast.errors import DataError
from holdfast.importers.scores import LOSS
from holdfast.runs.measurement import Measurement, TaskResult


def told_apart(paths: Sequence[str]) -> list[str]:
    """Names for paths: their last parts, as many as it takes for all to differ (equal paths stay equal)."""
    parts = [Path(path).parts or (path,) for path in paths]
    for length in range(1, max(map(len, parts), default=1) + 1):
        names = ["/".join(one[-length:]) for one in parts]
        if len(set(names)) == len(set(paths)):
            return names
    return list(paths)


def same_runs(before: Measurement, after: Measurement) -> bool:
    """Whether both runs are one file or folder, or files of equal content, and the same part of it."""
    parts = [getattr(run, "part", "") for run in (before, after)]
    return parts[0] == parts[1] and same_place(before.directory, after.directory)


def same_place(one: Path, other: Path) -> bool:
    """Whether two paths are one file or folder, or files of equal content."""
    if one.resolve() == other.resolve():
        return one.exists()
    if not (one.is_file() and other.is_file()) or one.stat().st_size != other.stat().st_size:
        return False
    return filecmp.cmp(one, other, shallow=False)


def directed(
    task: str, before: TaskResult, after: TaskResult, tables: tuple[Table, Table], policy: Policy
) -> tuple[TaskResult, list[str]]:
    """Turn the scores of a loss so that higher is better, where the policy says so: what is recorded of the task after,
    with the metric's name as it is shown, and what to tell of losses. (A run may be compared many times: its record
    stays as it is, its tables remember that they were turned.)

    Raises DataError where the two runs' scores point in different directions.
    """
    losses = [
        result.metric.startswith(LOSS) != table.turned for result, table in zip((before, after), tables, strict=True)
    ]
    direction = policy.of(task).direction or policy.direction
    for side, table in enumerate(tables):
        if direction is not None and losses[side] != (direction == "lower"):
            table.score[:] = type(table.score)("d", 1 - np.asarray(table.score))
            table.turned, losses[side] = not table.turned, direction == "lower"
    if losses[0] != losses[1]:
        raise DataError(f"{task}: one run's scores are a loss ({before.metric!r} before, {after.metric!r} after)")
    name = after.metric.removeprefix(LOSS)
    notes = [f"{task}: {name} is a loss; shown turned around, so that higher is better"] if losses[0] else []
    return replace(after, metric=LOSS + name if losses[0] else name), notes
