"""Pairing two measurements item by item, and refusing, with the difference named, what cannot be compared."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from holdfast.compare.columns import Items, Numbers, Table
from holdfast.compare.row_source import Source
from holdfast.errors import DataError, unknown
from holdfast.runs.measurement import Measurement, TaskResult

ALLOWANCES = ("tasks", "items", "prompt", "version", "generation", "reward", "metric")
"""Differences a user may allow: `allow=[prompt]`."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """One task in two measurements, item by item. The arrays' entries are the paired, judged items."""

    task: str
    before: Items
    after: Items
    sources: tuple[Source, Source]
    result: TaskResult
    """What is recorded of the task in the run after."""
    item_before: NDArray[np.int64]
    """Positions of the paired items in `before`."""
    item_after: NDArray[np.int64]
    x: Numbers
    """Mean score over repeats, before."""
    y: Numbers
    dropped: int
    unjudged_share: float
    """Share of the rows that could not be judged, in the run that has more of them; or of the items dropped."""

    @property
    def n(self) -> int:
        """Paired, judged items."""
        return int(self.x.size)

    @property
    def d(self) -> Numbers:
        """After minus before; what differs by rounding alone (0.7 − 0.2 against 0.5) is equal."""
        return np.asarray(np.round(self.y - self.x, 12) + 0.0)

    @property
    def repeats(self) -> int:
        """Most rows of an item."""
        return max(self.before.repeats, self.after.repeats)

    @property
    def binary(self) -> bool:
        """Whether every score is 0 or 1."""
        return bool(np.isin(self.x, (0.0, 1.0)).all() and np.isin(self.y, (0.0, 1.0)).all())

    def labels(self, column: Sequence[str | None]) -> list[str | None]:
        """A column of `before`'s table, one entry per paired item."""
        rows = self.before.row
        return [column[rows[item]] for item in self.item_before]

    def trait(self, name: str) -> tuple[Numbers, Numbers]:
        """A trait's mean per item, before and after; NaN where it is not known."""
        before = self.before.mean(getattr(self.before.table, name))[self.item_before]
        after = self.after.mean(getattr(self.after.table, name))[self.item_after]
        return before, after


def check_allowances(allow: Collection[str]) -> None:
    """Raise UsageError for an unknown allowance."""
    for name in allow:
        if name not in ALLOWANCES:
            raise unknown("difference to allow", name, ALLOWANCES)


def shared_tasks(before: Measurement, after: Measurement, allow: Collection[str]) -> tuple[list[str], list[str]]:
    """The tasks to compare, and warnings. Raises DataError when the runs do not have the same ones."""
    both = [task for task in before.tasks if task in after.tasks]
    if not both and len(before.tasks) == len(after.tasks) == 1:
        raise DataError(
            f"the runs measure different tasks: {next(iter(before.tasks))!r} before, {next(iter(after.tasks))!r} after"
        )
    only = [
        f"{task!r} only {side}"
        for side, mine, other in (("before", before, after), ("after", after, before))
        for task in mine.tasks
        if task not in other.tasks
    ]
    listed = ", ".join(only[:6]) + (f" and {len(only) - 6} more" if len(only) > 6 else "")
    if not both:
        raise DataError(f"the runs share no task: {listed}")
    if only and "tasks" not in allow:
        raise _refusal("the runs", f"have different tasks: {listed}", "tasks")
    return both, [f"tasks left out: {listed}"] if only else []


def check_definition(before: TaskResult, after: TaskResult, allow: Collection[str]) -> list[str]:
    """Warnings for allowed differences between the recorded definitions. Raises DataError for others.

    A definition that is not recorded (version "") is not compared.
    """
    if not before.version or not after.version:
        return []
    found = []
    for name in ("version", "metric", "generation", "reward"):
        mine, other = (_plain(getattr(result, name)) for result in (before, after))
        if mine != other:
            found.append((name, f"{_TITLES[name]}: {_difference(mine, other)}"))
    return [_allowed(before.task, text, name, allow) for name, text in found]


def pair(
    task: str,
    before: tuple[Table, Source],
    after: tuple[Table, Source],
    result: TaskResult,
    allow: Collection[str] = (),
    ignore: Collection[str] = (),
    stopped: bool = False,
) -> tuple[Pairs, list[str]]:
    """Pair by item; drop the items in `ignore` (ids) and those without a judgement. `stopped`: the run
    after may lack items, for it stopped when it was decided.

    Raises DataError when the item sets or the prompts differ.
    """
    items = Items.of(before[0]), Items.of(after[0])
    common = [key for key in items[0].key if key in items[1].key]
    warnings = _check_items(task, items, common, allow, stopped)
    left = np.array([items[0].key[key] for key in common], dtype=np.int64)
    right = np.array([items[1].key[key] for key in common], dtype=np.int64)
    warnings += _check_prompts(task, items, left, right, allow)
    x, y = items[0].mean(before[0].score)[left], items[1].mean(after[0].score)[right]
    skipped = set(ignore)
    kept = np.array([before[0].doc_id[items[0].row[item]] not in skipped for item in left], dtype=bool)
    judged = ~(np.isnan(x) | np.isnan(y))
    use = kept & judged
    if not use.any():
        raise DataError(f"{task}: no item was judged in both runs")
    dropped = int(np.sum(kept & ~judged))
    unjudged = max(items[0].unjudged_share, items[1].unjudged_share, dropped / max(1, int(kept.sum())))
    pairs = Pairs(task, *items, (before[1], after[1]), result, left[use], right[use], x[use], y[use], dropped, unjudged)
    return pairs, warnings


_TITLES = {
    "version": "the task's version differs",
    "metric": "the metric differs",
    "generation": "generation arguments differ",
    "reward": "the reward differs",
}


def _plain(value: Any) -> Any:
    """As it reads from a file: a measurement still in memory may hold tuples where the file has lists."""
    return json.loads(json.dumps(value, default=str))


def _check_items(
    task: str, items: tuple[Items, Items], common: Sequence[str], allow: Collection[str], stopped: bool = False
) -> list[str]:
    missing = []
    for side, mine, other in (("before", items[0], items[1]), ("after", items[1], items[0])):
        only = [key for key in mine.key if key not in other.key]
        if only and not (stopped and side == "before"):
            example = mine.table.doc_id[mine.row[mine.key[only[0]]]]
            missing.append(f"{len(only)} only {side} (such as {example!r})")
    if not missing:
        return []
    if not common:
        raise DataError(f"{task}: the item sets differ: the runs share no item; {', '.join(missing)}")
    text = f"the item sets differ: {', '.join(missing)}, {len(common)} in both"
    return [_allowed(task, text, "items", allow)]


def _check_prompts(
    task: str, items: tuple[Items, Items], left: NDArray[np.int64], right: NDArray[np.int64], allow: Collection[str]
) -> list[str]:
    mine, other = items
    rows = [(mine.row[i], other.row[j]) for i, j in zip(left.tolist(), right.tolist(), strict=True)]
    hashes = mine.table.prompt_hash, other.table.prompt_hash
    different = [i for i, j in rows if hashes[0][i] != hashes[1][j]]
    if not different:
        return []
    example = mine.table.doc_id[different[0]]
    text = (
        f"the prompts differ for {len(different)} of {len(rows)} items (such as {example!r}): "
        "another chat template, few-shot or system prompt"
    )
    return [_allowed(task, text, "prompt", allow)]


def _allowed(task: str, text: str, name: str, allow: Collection[str]) -> str:
    if name not in allow:
        raise _refusal(task, text, name)
    return f"{task}: {text} (allowed)"


def _refusal(what: str, text: str, name: str) -> DataError:
    return DataError(f"{what}{'' if what == 'the runs' else ':'} {text}; allow=[{name}] compares nevertheless")


def _difference(before: Any, after: Any) -> str:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
        return ", ".join(f"{key} {before.get(key)!r} before, {after.get(key)!r} after" for key in keys)
    return f"{before!r} before, {after!r} after"
