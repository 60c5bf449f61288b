"""Pairing two measurements item by item, and refusing, with the difference named, what cannot be compared."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from holdfast.compare.reading.by_question import by_question
from holdfast.compare.reading.columns import Codes, Items, Numbers, Table, labels, matched
from holdfast.compare.reading.row_source import Source
from holdfast.errors import DataError, unknown
from holdfast.runs.measurement import Measurement, TaskResult

ALLOWANCES = ("tasks", "items", "prompt", "version", "generation", "reward", "metric")
"""Differences a user may allow: `allow=[prompt]`."""


@dataclass(frozen=True, slots=True)
class Accept:
    """Differences between two runs that are accepted."""

    allow: Collection[str] = ()
    missing: float = 0.0
    """Share of a benchmark's items that may be missing in one of the runs."""
    ignore: Collection[str] = ()
    """Items (ids) left out."""
    stopped: bool = False
    """The run after may lack items: it stopped when it was decided."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """One task in two measurements, item by item. The arrays' entries are the paired, judged items."""

    task: str
    before: Items
    after: Items
    sources: tuple[Source, Source]
    result: TaskResult
    """What is recorded of the task in the run after."""
    item_before: Codes
    """Positions of the paired items in `before`."""
    item_after: Codes
    x: Numbers
    """Mean score over repeats, before."""
    y: Numbers
    dropped: int
    unjudged_share: float
    """Share of the rows that could not be judged, in the run that has more of them; or of the items dropped."""

    @property
    def n(self) -> int:
        """Number of items that are paired and judged."""
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
        return labels(column, self.before.row[self.item_before])

    def trait(self, name: str) -> tuple[Numbers, Numbers]:
        """A trait's mean per item, before and after; NaN where it is not known."""
        before = self.before.mean(self.before.table.column(name))[self.item_before]
        after = self.after.mean(self.after.table.column(name))[self.item_after]
        return before, after


def check_allowances(allow: Collection[str]) -> None:
    """Raise UsageError for an unknown allowance."""
    for name in allow:
        if name not in ALLOWANCES:
            raise unknown("difference to allow", name, ALLOWANCES)


def shared_tasks(before: Measurement, after: Measurement, allow: Collection[str]) -> tuple[list[str], list[str]]:
    """The tasks to compare, and warnings. Raises DataError when the runs do not have the same ones."""
    shared = [task for task in before.tasks if task in after.tasks]
    if not shared and len(before.tasks) == len(after.tasks) == 1:
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
    if not shared:
        raise DataError(f"the runs share no task: {listed}")
    if only and "tasks" not in allow:
        raise _refusal("the runs", f"have different tasks: {listed}", "tasks")
    return shared, [f"tasks left out: {listed}"] if only else []


def check_definition(before: TaskResult, after: TaskResult, allow: Collection[str]) -> list[str]:
    """Warnings for allowed differences between the recorded definitions. Raises DataError for others.

    A definition that is not recorded (version "") is not compared.
    """
    if not before.version or not after.version:
        return []
    found = []
    for name in ("version", "metric", "generation", "reward"):
        mine, other = (_definition(getattr(result, name)) for result in (before, after))
        if mine != other:
            found.append((name, f"{_TITLES[name]}: {_difference(mine, other)}"))
    return [_allowed(before.task, text, name, allow) for name, text in found]


def pair(
    task: str,
    before: tuple[Table, Source],
    after: tuple[Table, Source],
    result: TaskResult,
    accept: Accept,
) -> tuple[Pairs, list[str]]:
    """Pair by item; drop the ignored items and those without a judgement.

    Raises DataError when the item sets or the prompts differ.
    """
    items = Items.of(before[0]), Items.of(after[0])
    for side, one in zip(("before", "after"), items, strict=True):
        _check_ids(task, side, one)
    left, right = matched(*items)
    warnings = []
    if not left.size and (found := by_question(task, items, (before[1], after[1]))):
        left, right, warning = found
        warnings = [warning]
    else:
        warnings += _check_prompts(task, items, left, right, accept.allow)
    warnings = _check_items(task, items, left, right, accept) + warnings
    return _pairs(task, items, (before[1], after[1]), result, left, right, accept.ignore), warnings


def _pairs(
    task: str,
    items: tuple[Items, Items],
    sources: tuple[Source, Source],
    result: TaskResult,
    left: Codes,
    right: Codes,
    ignore: Collection[str],
) -> Pairs:
    x = items[0].mean(items[0].table.column("score"))[left]
    y = items[1].mean(items[1].table.column("score"))[right]
    kept = np.ones(left.size, dtype=bool)
    if ignore:
        skipped = set(ignore)
        kept = np.array([name not in skipped for name in items[0].doc_ids(left)], dtype=bool)
    judged = ~(np.isnan(x) | np.isnan(y))
    use = kept & judged
    if not use.any():
        found = [f"{np.count_nonzero(~np.isnan(v))} of {v.size} {when}" for v, when in ((x, "before"), (y, "after"))]
        raise DataError(
            f"{task}: no item was judged in both runs: {', '.join(found)} have a score ({result.metric}); a metric of "
            "the whole corpus has none per item"
        )
    dropped = int(np.sum(kept & ~judged))
    unjudged = max(items[0].unjudged_share, items[1].unjudged_share, dropped / max(1, int(kept.sum())))
    return Pairs(task, *items, sources, result, left[use], right[use], x[use], y[use], dropped, unjudged)


_TITLES = {
    "version": "the task's version differs",
    "metric": "the metric differs",
    "generation": "generation arguments differ",
    "reward": "the reward differs",
}


def _definition(value: Any) -> Any:
    """What must agree: not how often each item was answered, which means and their errors allow for (a baseline may be
    measured with repeats, once for many runs)."""
    plain = _json_form(value)
    return {key: one for key, one in plain.items() if key != "repeats"} if isinstance(plain, dict) else plain


def _json_form(value: Any) -> Any:
    """As it reads from a file: a measurement still in memory may hold tuples where the file has lists."""
    return json.loads(json.dumps(value, default=str))


def _check_ids(task: str, side: str, items: Items) -> None:
    """Raise DataError where rows cannot be told apart: no prompts, and ids that occur unequally often.

    Are they repeats of which some are missing, or ids that start anew in every subject? Averaging the second would
    pair questions of different subjects.
    """
    prompts = np.asarray(items.table.prompt_hash, dtype=np.int64)
    if items.repeats < 2 or (prompts != prompts[0]).any() or (items.counts == items.repeats).all():
        return
    most, fewest = int(items.counts.argmax()), int(items.counts.argmin())
    names = items.doc_ids(np.array([most, fewest], dtype=np.int64))
    raise DataError(
        f"{task}: {side}, id {names[0]!r} occurs {items.counts[most]} times and {names[1]!r} {items.counts[fewest]}: "
        "are they repeats, or ids that start anew? Name the column that tells items apart: prompt=, category= or id="
    )


def _check_items(task: str, items: tuple[Items, Items], left: Codes, right: Codes, accept: Accept) -> list[str]:
    only = [np.setdiff1d(np.arange(one.row.size), there) for one, there in zip(items, (left, right), strict=True)]
    missing = [
        f"{alone.size} only {side} (such as {one.doc_ids(alone[:1])[0]!r})"
        for side, one, alone in zip(("before", "after"), items, only, strict=True)
        if alone.size and not (accept.stopped and side == "before")
    ]
    if not missing:
        return []
    if not left.size:
        raise DataError(f"{task}: the item sets differ: the runs share no item; {', '.join(missing)}")
    counted = only[1:] if accept.stopped else only
    share = max(alone.size / one.row.size for one, alone in zip(items[-len(counted) :], counted, strict=True))
    text = f"the item sets differ: {', '.join(missing)}, {left.size} in both"
    if "items" not in accept.allow and share > accept.missing:
        raise DataError(
            f"{task}: {text}; allow_missing={100 * share:.2g} (percent) compares what both have, which may be the "
            "easier part of the benchmark"
        )
    return [f"{task}: {text} ({share:.1%} missing, accepted); what is left may be the easier part of the benchmark"]


def _check_prompts(
    task: str, items: tuple[Items, Items], left: Codes, right: Codes, allow: Collection[str]
) -> list[str]:
    mine, other = (
        np.asarray(one.table.prompt_hash, dtype=np.int64)[one.row[chosen]]
        for one, chosen in zip(items, (left, right), strict=True)
    )
    different = np.flatnonzero(mine != other)
    if not different.size:
        return []
    example = items[0].doc_ids(left[different[:1]])[0]
    text = (
        f"the prompts differ for {different.size} of {left.size} items (such as {example!r}): "
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
