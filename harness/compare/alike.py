"""Whether two runs can be told apart, and whether their scores point the same way."""

import filecmp
from pathlib import Path

import numpy as np

from holdfast.compare.judging.policy import Policy
from holdfast.compare.reading.columns import Table
from holdfast.errors import DataError
from holdfast.importers.scores import LOSS
from holdfast.runs.measurement import Measurement, TaskResult


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
) -> list[str]:
    """Turn the scores of a loss so that higher is better, where the policy says so; what to tell of losses.

    Raises DataError where the two runs' scores point in different directions.
    """
    losses = [result.metric.startswith(LOSS) for result in (before, after)]
    wanted = policy.of(task).direction or policy.direction
    for side, (result, table) in enumerate(zip((before, after), tables, strict=True)):
        if wanted is not None and losses[side] != (wanted == "lower"):
            table.score[:] = type(table.score)("d", 1 - np.asarray(table.score))
            losses[side] = wanted == "lower"
            result.metric = LOSS + result.metric if losses[side] else result.metric.removeprefix(LOSS)
    if losses[0] != losses[1]:
        raise DataError(f"{task}: one run's scores are a loss ({before.metric!r} before, {after.metric!r} after)")
    name = after.metric.removeprefix(LOSS)
    return [f"{task}: {name} is a loss; shown turned around, so that higher is better"] if losses[0] else []
