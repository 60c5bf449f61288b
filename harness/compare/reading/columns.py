"""A measurement in columns: of a million rows only numbers stay in memory, never their texts."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from holdfast.compare.reading.row_source import Light, Source, fault, prompt_of
from holdfast.compare.traits import language, refuses
from holdfast.errors import DataError
from holdfast.runs.row import Row
from holdfast.sample import Outcome, final_text

Numbers = NDArray[np.float64]
Codes = NDArray[np.int64]
_UNJUDGED = (Outcome.UNJUDGEABLE, Outcome.ERROR)
_LANGUAGE_ROWS = 250
"""Languages are told apart on the first rows of a task only: it is the trait that costs most time."""
_UNKNOWN = -1
"""In a column of small whole numbers: not known."""


def _longs() -> "array[int]":
    return array("q")


def _bytes() -> "array[int]":
    return array("b")


def _floats() -> "array[float]":
    return array("f")


@dataclass(slots=True)
class Table:
    """One task of one measurement, an entry per row. NaN, or −1 in yes/no columns, is "not known" (for `score`: could
    not be judged)."""

    task: str
    number: "array[int]" = field(default_factory=_longs)
    """Position of the row in its source."""
    doc_id: list[str] = field(default_factory=list)
    doc_hash: "array[int]" = field(default_factory=_longs)
    """Hashes of this process's own: equal where the row's are."""
    prompt_hash: "array[int]" = field(default_factory=_longs)
    cluster: list[str | None] = field(default_factory=list)
    category: list[str | None] = field(default_factory=list)
    score: "array[float]" = field(default_factory=lambda: array("d"))
    truncated: "array[int]" = field(default_factory=_bytes)
    tokens: "array[float]" = field(default_factory=_floats)
    characters: "array[float]" = field(default_factory=_floats)
    refused: "array[int]" = field(default_factory=_bytes)
    unextracted: "array[int]" = field(default_factory=_bytes)
    foreign: "array[int]" = field(default_factory=_bytes)
    """Whether the completion's language is not the prompt's."""
    turned: bool = False
    """Whether the scores were turned around after they were read: the task's metric does not say so."""

    def add(self, number: int, row: Light | Row, names: dict[str, str]) -> None:
        """Append one row. `names` keeps one copy of each label."""
        score = _score(row)
        text = row.completion if isinstance(row.completion, str) else final_text(row.completion)
        finish, tokens = row.finish_reason, row.tokens
        self.number.append(number)
        self.doc_id.append(str(row.doc_id))
        self.doc_hash.append(hash(row.doc_hash))
        self.prompt_hash.append(hash(row.prompt_hash))
        self.cluster.append(None if row.cluster is None else names.setdefault(row.cluster, row.cluster))
        self.category.append(None if row.category is None else names.setdefault(row.category, row.category))
        self.score.append(score)
        self.truncated.append(_UNKNOWN if finish is None else finish == "length")
        self.tokens.append(np.nan if tokens is None else tokens)
        self.characters.append(len(text))
        self.refused.append(refuses(text))
        self.unextracted.append(row.extracted is None)
        known = len(self.doc_id) <= _LANGUAGE_ROWS
        self.foreign.append(_foreign(prompt_of(row), text) if known else _UNKNOWN)

    def items(self) -> "Items":
        """The rows grouped by item."""
        return Items.of(self)

    def column(self, name: str) -> Numbers:
        """A column of numbers; NaN where it is not known."""
        values = np.asarray(getattr(self, name))
        if values.dtype != np.int8:
            return np.asarray(values, dtype=float)
        return np.asarray(np.where(values < 0, np.nan, values.astype(float)))


@dataclass(frozen=True, slots=True)
class Items:
    """The items of a table: rows with the same id and the same question are repeats of one item."""

    table: Table
    row: Codes
    """Each item's first row, in the order of the file."""
    of_row: Codes
    """The number of each row's item."""
    counts: Codes
    """Rows of each item."""
    hashes: Codes
    """The doc_hash of each item."""

    @classmethod
    def of(cls, table: Table) -> "Items":
        """Group the rows. An id that stands for several questions (ids that start anew in every subject) is as many
        items, never repeats of one."""
        hashes = np.asarray(table.doc_hash, dtype=np.int64)
        ids = np.fromiter(map(hash, table.doc_id), np.int64, len(table.doc_id))
        _, first, inverse, counts = np.unique(
            _mixed(ids, hashes), return_index=True, return_inverse=True, return_counts=True
        )
        order = np.argsort(first, kind="stable")
        rank = np.empty_like(order)
        rank[order] = np.arange(order.size)
        rows = first[order].astype(np.int64)
        return cls(table, rows, rank[inverse].astype(np.int64), counts[order].astype(np.int64), hashes[rows])

    @property
    def repeats(self) -> int:
        """Rows of the item that has most."""
        return int(self.counts.max()) if self.counts.size else 0

    def mean(self, values: Numbers) -> Numbers:
        """The mean per item over the rows where it is known; NaN where it is known in none."""
        known = ~np.isnan(values)
        size = self.row.size
        count = np.bincount(self.of_row[known], minlength=size)
        total = np.bincount(self.of_row[known], weights=values[known], minlength=size)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(total / count)

    def extremes(self) -> tuple[Codes, Codes]:
        """Each item's row with the lowest and with the highest score."""
        scores = np.asarray(self.table.score)
        order = np.lexsort((scores, self.of_row))
        known = order[~np.isnan(scores[order])]
        low, high = self.row.copy(), self.row.copy()
        low[self.of_row[known[::-1]]] = known[::-1]
        high[self.of_row[known]] = known
        return low, high

    def doc_ids(self, items: Codes) -> list[str]:
        """The ids of some items."""
        ids = self.table.doc_id
        return [ids[row] for row in self.row[items].tolist()]

    @property
    def unjudged_share(self) -> float:
        """The share of the rows without a score."""
        return float(np.isnan(np.asarray(self.table.score)).mean())


def matched(before: Items, after: Items) -> tuple[Codes, Codes]:
    """Positions of the items that are the same in both, in the order of `before`.

    By question (doc_hash). Where several items share one, by question and id; where ids differ between the runs, by
    rank among them, if both runs have as many.
    """
    twice = _repeated(before.hashes) | _repeated(after.hashes)
    keys = [_keys(items, twice) for items in (before, after)]
    _, left, right = np.intersect1d(keys[0], keys[1], assume_unique=True, return_indices=True)
    left, right = _by_rank(before, after, twice, left.astype(np.int64), right.astype(np.int64))
    order = np.argsort(left, kind="stable")
    return left[order], right[order]


def _repeated(hashes: Codes) -> set[int]:
    values, counts = np.unique(hashes, return_counts=True)
    return set(values[counts > 1].tolist())


def _keys(items: Items, twice: set[int]) -> Codes:
    if not twice:
        return items.hashes
    shared = np.isin(items.hashes, np.fromiter(twice, np.int64, len(twice)))
    keys = items.hashes.copy()
    which = np.flatnonzero(shared)
    ids = np.array([hash(name) for name in items.doc_ids(which)], dtype=np.int64)
    keys[which] = _mixed(ids, items.hashes[which])
    return keys


def _by_rank(before: Items, after: Items, twice: set[int], left: Codes, right: Codes) -> tuple[Codes, Codes]:
    """Adds the pairs of a question that occurs as often in both runs, under other ids."""
    rest = [np.setdiff1d(np.arange(items.row.size), done) for items, done in ((before, left), (after, right))]
    groups: list[dict[int, list[int]]] = [{}, {}]
    for side, items in enumerate((before, after)):
        chosen = rest[side][np.isin(items.hashes[rest[side]], np.fromiter(twice, np.int64, len(twice)))]
        for item in sorted(chosen.tolist(), key=lambda i, items=items: items.table.doc_id[items.row[i]]):  # type: ignore[misc]
            groups[side].setdefault(int(items.hashes[item]), []).append(item)
    equal = [key for key in groups[0] if len(groups[0][key]) == len(groups[1].get(key, ()))]
    more = [np.array([i for key in equal for i in group[key]], dtype=np.int64) for group in groups]
    return np.append(left, more[0]), np.append(right, more[1])


def _mixed(ids: Codes, hashes: Codes) -> Codes:
    """One hash of two: multiplication by odd constants, wrapping."""
    with np.errstate(over="ignore"):
        mixed = ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) ^ hashes.astype(np.uint64)
        return np.asarray((mixed * np.uint64(0xD6E8FEB86659FD93)).astype(np.int64))


def read_tables(source: Source) -> dict[str, Table]:
    """The tasks of a source. Raises DataError for rows that are not sample rows."""
    tables: dict[str, Table] = {}
    names: dict[str, str] = {}
    for number, row in enumerate(source.rows()):
        task = row.task or "samples"
        if task not in tables:
            tables[task] = Table(task)
        try:
            tables[task].add(number, row, names)
        except DataError as error:
            raise DataError(f"{source.where}: {error}" if source.where else str(error)) from None
    return tables


def _score(row: Light | Row) -> float:
    wrong = fault(row)
    if wrong:
        raise DataError(f"{row.task}, item {row.doc_id}: {wrong}")
    return float("nan") if row.score is None or row.outcome in _UNJUDGED else float(row.score)


def _foreign(prompt: Any, text: str) -> int:
    prompt_text = (
        prompt if isinstance(prompt, str) else "\n".join(final_text([{**m, "role": "assistant"}]) for m in prompt)
    )
    expected, found = language(prompt_text), language(text)
    return _UNKNOWN if expected is None or found is None else int(expected != found)


def labels(column: Sequence[str | None], rows: Codes) -> list[str | None]:
    """A column's entries at some rows."""
    return [column[row] for row in rows.tolist()]
