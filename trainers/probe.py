"""A probe: small slices of a suite's items, measured while training goes on."""

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from holdfast.benchmarks.data import Doc, Source, load_docs
from holdfast.benchmarks.items import choose
from holdfast.benchmarks.models import LoadedModel
from holdfast.benchmarks.suite import Entry, Suite
from holdfast.benchmarks.task import Task
from holdfast.errors import UsageError

Scores = Mapping[str, Mapping[str, float]]
"""Score by task and item."""


@dataclass
class Pool:
    """The items of one task in a fixed random order; looks take the next ones, and begin again at the end."""

    entry: Entry
    task: Task
    docs: Sequence[Doc]
    at: int = 0

    def next(self, count: int) -> list[Doc]:
        """The next items, fewer when the pool is smaller."""
        chosen = [self.docs[(self.at + i) % len(self.docs)] for i in range(min(count, len(self.docs)))]
        self.at = (self.at + count) % len(self.docs)
        return chosen


def pools(suite: Suite, tasks: Sequence[str], data_root: Path | None, seed: int, most: int) -> list[Pool]:
    """A pool of at most `most` items per task, out of those the suite measures.

    Raises UsageError for a task that cannot be sliced (lm-eval's own).
    """
    found = []
    for entry in suite.entries:
        if entry.name not in tasks:
            continue
        if entry.task is None:
            raise UsageError(f"the guard cannot probe {entry.name!r}, one of lm-eval's own tasks; leave it out")
        rows = load_docs(entry.task.source, data_root, entry.task.name)
        docs = [doc for _, doc in choose([(str(i), doc) for i, doc in enumerate(rows)], entry.task, entry.limit)]
        random.Random(seed).shuffle(docs)
        found.append(Pool(entry, entry.task, docs[:most]))
    return found


def probe(
    loaded: LoadedModel,
    slices: Mapping[str, tuple[Pool, Sequence[Doc]]],
    out: Path,
    *,
    cache: Path | None = None,
    batch_size: int = 16,
) -> tuple[Scores, float]:
    """The scores of a model on slices of pools, and the seconds it took. Training mode and every random state are as
    before when this returns."""
    from holdfast.benchmarks.engine import measure
    from holdfast.benchmarks.settings import Settings

    start = time.perf_counter()
    entries = tuple(_slice(pool, docs) for pool, docs in slices.values())
    settings = Settings(batch_size=batch_size, progress=False)
    with undisturbed():
        found = measure(loaded, Suite(name="probe", entries=entries), out, cache=cache, settings=settings)
    scores = {
        task: {row.doc_hash: row.score for row in found.rows(task) if row.score is not None} for task in found.tasks
    }
    return scores, time.perf_counter() - start


@contextmanager
def undisturbed() -> Iterator[None]:
    """Keep Python's and numpy's random states (torch's and the training mode are the engine's affair)."""
    import numpy as np

    python, generator = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(generator)


def _slice(pool: Pool, docs: Sequence[Doc]) -> Entry:
    rows: Any = docs.__iter__
    source = Source(split=pool.task.source.split, rows=rows)
    return replace(pool.entry, task=replace(pool.task, source=source, doc_id=None), limit=None)
