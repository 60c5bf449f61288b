"""How many items a suite measures, known without a download."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from holdfast.benchmarks.lm_eval_fence import known
from holdfast.benchmarks.suites.source import load_docs
from holdfast.benchmarks.suites.suite import Entry, Suite, load_suite
from holdfast.benchmarks.suites.task import Task
from holdfast.errors import UsageError, unknown


def suite_sizes(suite: "str | Path | Sequence[Any] | Mapping[str, Any] | Suite") -> list[tuple[str, int, int]]:
    """(task, items, repeats) of each of a suite's benchmarks, limits applied.

    Raises UsageError for a benchmark whose size is not known.
    """
    return [_size(entry) for entry in load_suite(suite).entries]


def resized(suite: Suite, limits_given: Sequence[str]) -> Suite:
    """The suite with other limits: `task:items` each. Raises UsageError for an unknown task, or more items than a
    benchmark is known to have."""
    limits = dict(sized(word) for word in limits_given)
    for name in limits:
        if name not in suite.names:
            raise unknown(f"task of suite {suite.name!r}", name, suite.names)
    entries = tuple(_limited(entry, limits.get(entry.name, entry.limit)) for entry in suite.entries)
    return replace(suite, entries=entries)


def available(suite: Suite) -> dict[str, int]:
    """How many items each benchmark has, where it is known."""
    counts = {entry.name: _count(entry) for entry in suite.entries}
    return {name: count for name, count in counts.items() if count is not None}


def sized(word: str) -> tuple[str, int]:
    """`task:items`, read. Raises UsageError."""
    name, colon, count = word.rpartition(":")
    if not colon or not count.isdigit() or int(count) < 1:
        raise UsageError(f"sizes= takes task:items, not {word!r}")
    return name, int(count)


def _limited(entry: Entry, limit: int | None) -> Entry:
    count = _count(entry)
    if limit is not None and limit != entry.limit and count is not None and limit > count:
        raise UsageError(f"sizes=: {entry.name} has {count:,} items, not {limit:,}")
    return replace(entry, limit=limit)


def _count(entry: Entry) -> int | None:
    """The items of the whole benchmark; None where they are not known, or only a part of it is measured."""
    if entry.categories:
        return None
    return known.ITEMS.get(entry.lm_eval) if entry.task is None else entry.task.source.count


def _rows_of_file(task: Task) -> int | None:
    """The rows of a user's own file, which is here to be counted."""
    if task.source.hub or len(task.source.files) != 1 or not Path(task.source.files[0]).is_file():
        return None
    return len(load_docs(task.source, None, task.name))


def _size(entry: Entry) -> tuple[str, int, int]:
    if entry.task is None:
        count, repeats = known.ITEMS.get(entry.lm_eval), int(entry.overrides.get("repeats", 1))
    else:
        source = entry.task.source
        count, repeats = source.count or source.about or _rows_of_file(entry.task), entry.task.repeats
    sizes = [size for size in (count, entry.limit) if size is not None]
    if not sizes:
        raise UsageError(f"the number of items of {entry.name!r} is not known; give it a limit in the suite")
    return entry.name, min(sizes), repeats
