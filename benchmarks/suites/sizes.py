"""How many items a suite measures, known without a download."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from holdfast.benchmarks.lm_eval_fence import known
from holdfast.benchmarks.suites.suite import Entry, Suite, load_suite
from holdfast.errors import UsageError


def suite_sizes(suite: "str | Path | Sequence[Any] | Mapping[str, Any] | Suite") -> list[tuple[str, int, int]]:
    """(task, items, repeats) of each of a suite's benchmarks, limits applied.

    Raises UsageError for a benchmark whose size is not known.
    """
    return [_size(entry) for entry in load_suite(suite).entries]


def _size(entry: Entry) -> tuple[str, int, int]:
    if entry.task is None:
        count, repeats = known.ITEMS.get(entry.lm_eval), int(entry.overrides.get("repeats", 1))
    else:
        count, repeats = entry.task.source.count or entry.task.source.about, entry.task.repeats
    sizes = [size for size in (count, entry.limit) if size is not None]
    if not sizes:
        raise UsageError(f"the number of items of {entry.name!r} is not known; give it a limit in the suite")
    return entry.name, min(sizes), repeats
