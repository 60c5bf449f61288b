"""Runs in an order (checkpoints): which skills fall or rise along it, from all of them together.

An item's slope is the least-squares line through its scores at the steps, times the span from the first step to the
last; a benchmark's trend is the mean of its items' slopes. It uses every run, so it shows a slow decline that no single
comparison with the baseline proves. It is told beside the verdicts and is no part of them.
"""

import functools
import itertools
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from holdfast.compare.alike import directed
from holdfast.compare.judging.policy import Policy
from holdfast.compare.reading.columns import Numbers
from holdfast.compare.reading.load import tables_of
from holdfast.compare.reading.pairing import Accept, pair
from holdfast.compare.result import Interval
from holdfast.errors import DataError, UsageError
from holdfast.runs.measurement import Measurement
from holdfast.stats.graded import Graded
from holdfast.stats.means import sign_flip_p
from holdfast.stats.multiple import holm

FEWEST = 3
_STEP = re.compile(r"(\d+)(?!.*\d)")


@dataclass(frozen=True, slots=True)
class TaskTrend:
    """One benchmark along the runs."""

    task: str
    n: int
    means: tuple[float, ...]
    change: float
    """Change of the fitted line from the first step to the last."""
    interval: Interval
    p: float
    """Two-sided, Holm-adjusted over the benchmarks."""
    direction: Literal["falls", "rises", "open"]
    """The direction that is proven."""


@dataclass(frozen=True, slots=True)
class Trend:
    """Every benchmark along the runs."""

    runs: tuple[str, ...]
    steps: tuple[float, ...]
    tasks: tuple[TaskTrend, ...]
    alpha: float

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return asdict(self)


def trend(
    runs: Mapping[str, Measurement],
    *,
    steps: Sequence[float] | None = None,
    allow: Collection[str] = (),
    allow_missing: float = 0.0,
    alpha: float = 0.05,
    policy: Policy | None = None,
    seed: int = 0,
) -> Trend:
    """The trend of each benchmark that all runs measured. `steps`: where the runs stand (None: one apart).

    Raises UsageError for fewer than three runs or steps that do not rise, DataError where the items differ.
    """
    at = [float(one) for one in (range(len(runs)) if steps is None else steps)]
    if len(runs) < FEWEST:
        raise UsageError(f"a trend takes {FEWEST} runs or more, not {len(runs)}")
    if len(at) != len(runs) or any(later <= sooner for sooner, later in itertools.pairwise(at)):
        raise UsageError(f"the steps of a trend must rise, one for each run, not {at}")
    measured = list(runs.values())
    names = [task for task in measured[0].tasks if all(task in run.tasks for run in measured)]
    accept = Accept(frozenset(allow), allow_missing)
    scores = {task: _scores(task, measured, accept, policy or Policy()) for task in names}
    lines = {task: _lines(one, np.array(at)) for task, one in scores.items()}
    adjusted = holm([sign_flip_p(lines[task], "two-sided", seed=seed) for task in names]).tolist()
    found = [_task(task, scores[task], lines[task], p, alpha) for task, p in zip(names, adjusted, strict=True)]
    return Trend(tuple(runs), tuple(at), tuple(found), alpha)


def steps_of(paths: Sequence[str]) -> list[float] | None:
    """The steps that the names of the runs tell (`checkpoint-500`; a first run without one is step 0); None where they
    do not."""
    found = [_STEP.search(Path(path).name) for path in paths]
    numbers = [float(match[1]) if match else None for match in found]
    if numbers[0] is None:
        numbers[0] = 0.0
    steps = [number for number in numbers if number is not None]
    rising = all(sooner < later for sooner, later in itertools.pairwise(steps))
    return steps if len(steps) == len(paths) and rising else None


def _scores(task: str, runs: Sequence[Measurement], accept: Accept, policy: Policy) -> Numbers:
    """(runs, items): the items that all runs have."""
    tables = [tables_of(run, [task])[task] for run in runs]
    for run, table in zip(runs[1:], tables[1:], strict=True):
        directed(task, runs[0].tasks[task], run.tasks[task], (tables[0][0], table[0]), policy)
    pairs = [pair(task, tables[0], table, runs[0].tasks[task], accept)[0] for table in tables[1:]]
    common = functools.reduce(np.intersect1d, [one.item_before for one in pairs])
    if not common.size:
        raise DataError(f"{task}: no item was judged in all runs")
    rows = [pairs[0].x[np.isin(pairs[0].item_before, common)]]
    rows += [one.y[np.isin(one.item_before, common)] for one in pairs]
    return np.stack(rows)


def _lines(scores: Numbers, steps: Numbers) -> Numbers:
    """Each item's change along its fitted line."""
    centred = steps - steps.mean()
    weights = centred / float(centred @ centred) * (steps[-1] - steps[0])
    return np.asarray(np.round(weights @ scores, 12) + 0.0)


def _task(task: str, scores: Numbers, lines: Numbers, p: float, alpha: float) -> TaskTrend:
    table, change = Graded.of(lines), float(lines.mean())
    bounds = Interval(table.lower(1 - alpha / 2), table.upper(1 - alpha / 2))
    direction: Literal["falls", "rises", "open"] = "open" if p > alpha else "falls" if change < 0 else "rises"
    return TaskTrend(task, scores.shape[1], tuple(scores.mean(axis=1).tolist()), change, bounds, p, direction)
