"""A suite cut into two halves that share no item: one to choose by, one to confirm on."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from holdfast.benchmarks.engine.items import choose, doc_hash
from holdfast.benchmarks.suites.source import Doc, Source, load_docs
from holdfast.benchmarks.suites.suite import Entry, Suite
from holdfast.benchmarks.suites.task import Task
from holdfast.errors import UsageError

Half = Literal["selection", "confirmation"]


def half(suite: Suite, which: Half, data_root: Path | None, limit: int | None = None) -> Suite:
    """The suite on one half of its items: an item's own hash says in which half it is, whatever suite or order.

    Raises UsageError for lm-eval's own tasks, whose items are not ours to choose.
    """
    entries = tuple(_half_entry(entry, which, data_root, limit) for entry in suite.entries)
    return replace(suite, name=f"{suite.name}-{which}", entries=entries)


def in_half(item_hash: str) -> Half:
    """The half an item belongs to."""
    return "selection" if int(item_hash[:8], 16) % 2 == 0 else "confirmation"


def _half_entry(entry: Entry, which: Half, data_root: Path | None, limit: int | None) -> Entry:
    task = entry.task
    if task is None:
        raise UsageError(f"{entry.name!r} is one of lm-eval's own tasks and cannot be halved; leave it out of suite=")
    rows = load_docs(task.source, data_root, task.name)
    most = min((n for n in (entry.limit, limit) if n is not None), default=None)
    docs = [doc for _, doc in choose([(str(i), doc) for i, doc in enumerate(rows)], task, most)]
    mine = [doc for doc in docs if in_half(doc_hash(task, doc)) == which]
    return replace(entry, task=_with_docs(task, mine), limit=None)


def _with_docs(task: Task, docs: Sequence[Doc]) -> Task:
    rows: Any = docs.__iter__
    return replace(task, source=Source(split=task.source.split, rows=rows), doc_id=None)
