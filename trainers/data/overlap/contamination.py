"""How much of a suite stands in a training set: whole prompts, 13-word passages, and shares of 8-word pieces.

Three counts, from the strictest: *exact*, the item's prompt is a text of the training set (white space, case and the
benchmark's own wording around it aside); *share*, at least 70 % of its 8-grams are there (PaLM, arXiv 2204.02311);
*passage*, any 13 of its words in a row are there (GPT-3, arXiv 2005.14165; Llama 2, arXiv 2307.09288). A passage may be
a common phrase: read the named rows. The suite is indexed, the training set is streamed, so memory is bounded by the
suite.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

import numpy as np

from holdfast.trainers.data.overlap.ngrams import Index, Ints, Vocabulary, distinct, flat_numbers
from holdfast.trainers.data.overlap.words import collapsed, leaves

SHARE = 0.7
_BATCH_WORDS = 200_000
_LEAST = 20
"""Characters of a prompt without its benchmark's wording that still say which item it is."""
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a suite."""

    task: str
    doc_id: str
    text: str
    """The prompt, without few-shot examples and chat template."""


@dataclass(slots=True)
class OverlappingItem:
    """An item that is in the training set, and where."""

    task: str
    doc_id: str
    exact: bool
    passage: bool
    share: float | None
    """Share of the item's 8-grams; None for an item of fewer than eight words."""
    rows: int
    """Training rows that hold it, or a passage of it."""
    where: str
    """The row that holds most of it."""
    text: str
    """The beginning of the item."""


@dataclass(slots=True)
class TaskOverlap:
    """One benchmark's items in the training set."""

    items: int
    short: int = 0
    """Items of fewer than eight words, of which only the whole prompt is compared."""
    exact: int = 0
    share: int = 0
    passage: int = 0
    found: list[OverlappingItem] = field(default_factory=list)
    """Items found in the training set, the worst first."""


@dataclass(slots=True)
class Contamination:
    """What a check found."""

    suite: str
    rows: int
    seconds: float
    """Seconds of streaming the training set; indexing the suite comes on top."""
    index_seconds: float
    tasks: dict[str, TaskOverlap]
    contaminated_rows: int = 0
    """Training rows with a whole prompt or a passage of any item."""
    unchecked: list[str] = field(default_factory=list)
    """Tasks whose items are not ours to read (lm-eval's own)."""

    @property
    def rows_per_second(self) -> float:
        """The rate at which the training set was read and checked."""
        return self.rows / self.seconds if self.seconds else 0.0

    @property
    def items_found(self) -> int:
        """Items of the suite of which a whole prompt, a passage or most pieces are there."""
        return sum(len(task.found) for task in self.tasks.values())

    def sentence(self) -> str:
        """The finding in one line."""
        if not self.items_found:
            return f"no item of suite {self.suite} was found in the {self.rows:,} training rows"
        worst = [(name, task) for name, task in self.tasks.items() if task.found]
        parts = ", ".join(
            f"{name} {len(task.found)} of {task.items:,}" + (f" ({task.exact} whole)" if task.exact else "")
            for name, task in worst
        )
        return (
            f"{self.contaminated_rows:,} of {self.rows:,} training rows hold items of the suite or passages of them:"
            f" {parts}; a gain there may be memory"
        )

    def to_json(self, most: int = 20) -> dict[str, Any]:
        """A plain mapping, with at most `most` items named per task."""
        record = asdict(self) | {"rows_per_second": round(self.rows_per_second, 1)}
        for task in record["tasks"].values():
            task["found"] = task["found"][:most]
        return record


class Checker:
    """The index of a suite; `check` streams a training set past it."""

    def __init__(self, suite: str, items: Sequence[Item], unchecked: Sequence[str] = ()) -> None:
        started = time.perf_counter()
        self.suite, self.items, self.unchecked = suite, items, list(unchecked)
        self._words = Vocabulary()
        cores = _cores(items)
        learned = [np.asarray(self._words.learn(core), np.int64) for core in cores]
        self._words.close()
        tasks = {name: number for number, name in enumerate(dict.fromkeys(item.task for item in items))}
        groups = [tasks[item.task] for item in items]
        hashes = [self._words.hashes(one) for one in learned]
        self._short = Index.of([distinct(short) for short, _ in hashes], groups)
        self._long = Index.of([distinct(long) for _, long in hashes], groups)
        self._prompts = _prompts(items, cores)
        self._longest = max(map(len, self._prompts), default=0) * 2
        count = len(items)
        self._sizes = np.bincount(self._short.items, minlength=count)
        self._seen = np.zeros(len(self._short.keys), np.bool_)
        self._rows = np.zeros(count, np.int64)
        self._best = np.zeros(count, np.int64)
        self._where = [""] * count
        self._exact = np.zeros(count, np.bool_)
        self._passage = np.zeros(count, np.bool_)
        self._indexed = time.perf_counter()
        self._index_seconds = round(self._indexed - started, 3)

    def check(self, rows: Iterable[tuple[str, Any]]) -> Contamination:
        """Stream (where, row) of a training set."""
        total = bad = 0
        for _, dirty in self.sift(rows):
            total, bad = total + 1, bad + dirty
        return self.result(total, bad)

    def sift(self, rows: Iterable[tuple[str, R]]) -> Iterator[tuple[R, bool]]:
        """(row, whether an item or a passage of one is in it), in order; `result` tells what was found."""
        batch: list[tuple[str, R]] = []
        numbers: list[list[list[int]]] = []
        waiting = 0
        for where, row in rows:
            texts = list(dict.fromkeys(leaves(row)))
            found = [self._words.numbers(text) for text in texts]
            batch.append((where, row))
            numbers.append(found)
            waiting += sum(map(len, found)) + 1
            if waiting > _BATCH_WORDS:
                yield from self._batch(batch, numbers)
                batch, numbers, waiting = [], [], 0
        if batch:
            yield from self._batch(batch, numbers)

    def result(self, rows: int, contaminated: int) -> Contamination:
        """What was found so far."""
        seconds = round(time.perf_counter() - self._indexed, 3)
        known = self._seen[np.repeat(np.arange(len(self._short.keys)), np.diff(self._short.starts))]
        hits = np.bincount(self._short.items[known], minlength=len(self.items))
        tasks = {item.task: TaskOverlap(0) for item in self.items}
        for number, item in enumerate(self.items):
            self._count(tasks[item.task], number, hits)
        for task in tasks.values():
            task.found.sort(key=lambda one: (not one.exact, -(one.share or 0.0), one.doc_id))
        return Contamination(self.suite, rows, seconds, self._index_seconds, tasks, contaminated, self.unchecked)

    def _count(self, task: TaskOverlap, number: int, hits: Ints) -> None:
        item, size = self.items[number], int(self._sizes[number])
        share = float(hits[number] / size) if size else None
        exact, passage = bool(self._exact[number]), bool(self._passage[number])
        mostly = share is not None and share >= SHARE
        task.items += 1
        task.short += size == 0
        task.exact += exact
        task.share += mostly
        task.passage += passage
        if exact or mostly or passage:
            rows, where, text = int(self._rows[number]), self._where[number], " ".join(item.text.split())[:160]
            rounded = None if share is None else round(share, 3)
            task.found.append(OverlappingItem(item.task, item.doc_id, exact, passage, rounded, rows, where, text))

    def _batch(self, batch: list[tuple[str, R]], numbers: list[list[list[int]]]) -> Iterator[tuple[R, bool]]:
        sizes = [sum(len(text) + 1 for text in texts) for texts in numbers]
        ends = np.cumsum(np.asarray(sizes, np.int64))
        flat = flat_numbers(text for texts in numbers for text in texts)
        short, long = self._words.hashes(flat)
        dirty = np.zeros(len(batch), np.bool_)
        self._pieces(*self._short.find(*short), ends, batch)
        self._passages(*self._long.find(*long), ends, dirty)
        for index, (where, row) in enumerate(batch):
            if self._holds_prompt(where, row):
                dirty[index] = True
        yield from ((row, bool(bad)) for (_, row), bad in zip(batch, dirty, strict=False))

    def _pieces(self, positions: Ints, entries: Ints, ends: Ints, batch: Sequence[tuple[str, Any]]) -> None:
        """Mark found 8-grams; the row that holds most of an item is its evidence."""
        if not len(entries):
            return
        self._seen[entries] = True
        rows = np.searchsorted(ends, positions, side="right")
        apart = np.unique(np.stack((rows, entries)), axis=1)  # a piece that a row repeats counts once
        which, items = self._short.owners(apart[1])
        pairs, counts = np.unique(np.stack((items, apart[0][which])), axis=1, return_counts=True)
        for item, row, count in zip(pairs[0], pairs[1], counts, strict=True):
            if count > self._best[item]:
                self._best[item] = count
                self._where[item] = batch[row][0]

    def _passages(self, positions: Ints, entries: Ints, ends: Ints, dirty: "np.typing.NDArray[np.bool_]") -> None:
        """Count the rows that hold a 13-gram of an item."""
        if not len(entries):
            return
        rows = np.searchsorted(ends, positions, side="right")
        dirty[rows] = True
        which, items = self._long.owners(entries)
        pairs = np.unique(np.stack((items, rows[which])), axis=1)
        self._passage[items] = True
        np.add.at(self._rows, pairs[0], 1)

    def _holds_prompt(self, where: str, row: Any) -> bool:
        """Whether a text of the row is an item's prompt."""
        found = False
        for text in leaves(row):
            for item in self._prompts.get(collapsed(text), ()) if len(text) <= self._longest else ():
                found = True
                self._rows[item] += not self._passage[item]
                self._exact[item] = True
                if not self._sizes[item] or not self._where[item]:
                    self._where[item] = where
        return found


def _cores(items: Sequence[Item]) -> list[str]:
    """The items' prompts without the wording at the start and the end that all of their benchmark share."""
    texts = [collapsed(item.text) for item in items]
    tasks: dict[str, list[int]] = {}
    for number, item in enumerate(items):
        tasks.setdefault(item.task, []).append(number)
    cores = list(texts)
    for numbers in tasks.values():
        head = _shared_start([texts[number] for number in numbers])
        tail = _shared_start([texts[number][head:][::-1] for number in numbers])
        for number in numbers:
            core = texts[number][head : len(texts[number]) - tail].strip()
            cores[number] = core if len(core) >= _LEAST else texts[number]
    return cores


def _shared_start(texts: Sequence[str]) -> int:
    """How many characters all texts begin with; 0 for one text alone."""
    if len(texts) < 2:
        return 0
    first, last = min(texts), max(texts)  # what the outermost share, all share
    return next(
        (at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other),
        min(len(first), len(last)),
    )


def _prompts(items: Sequence[Item], cores: Sequence[str]) -> dict[str, list[int]]:
    """Items by their prompts, as they are and without their benchmark's wording."""
    found: dict[str, list[int]] = {}
    for number, item in enumerate(items):
        for form in {collapsed(item.text), cores[number]} - {""}:
            found.setdefault(form, []).append(number)
    return found
