"""A measurement in columns: of 50,000 rows only numbers stay in memory, never their texts."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from holdfast.compare.row_source import Record, Source, fault
from holdfast.compare.traits import language, refuses
from holdfast.errors import DataError
from holdfast.sample import Outcome, final_text

Numbers = NDArray[np.float64]
_UNJUDGED = (Outcome.UNJUDGEABLE, Outcome.ERROR)
_LANGUAGE_ROWS = 250
"""Languages are told apart on the first rows of a task only: it is the trait that costs most time."""


@dataclass(slots=True)
class Table:
    """One task of one measurement, an entry per row. NaN is "not known" (for `score`: could not be judged)."""

    task: str
    number: "array[int]" = field(default_factory=lambda: array("q"))
    """Position of the row in its source."""
    doc_id: list[str] = field(default_factory=list)
    doc_hash: list[str] = field(default_factory=list)
    prompt_hash: list[str] = field(default_factory=list)
    cluster: list[str | None] = field(default_factory=list)
    category: list[str | None] = field(default_factory=list)
    score: "array[float]" = field(default_factory=lambda: array("d"))
    truncated: "array[float]" = field(default_factory=lambda: array("d"))
    tokens: "array[float]" = field(default_factory=lambda: array("d"))
    characters: "array[float]" = field(default_factory=lambda: array("d"))
    refused: "array[float]" = field(default_factory=lambda: array("d"))
    unextracted: "array[float]" = field(default_factory=lambda: array("d"))
    foreign: "array[float]" = field(default_factory=lambda: array("d"))
    """Whether the completion's language is not the prompt's."""

    def add(self, number: int, record: Record) -> None:
        """Append one row."""
        text = final_text(record["completion"])
        finish, tokens = record.get("finish_reason"), record.get("tokens")
        self.number.append(number)
        self.doc_id.append(str(record["doc_id"]))
        self.doc_hash.append(str(record["doc_hash"]))
        self.prompt_hash.append(str(record["prompt_hash"]))
        self.cluster.append(record.get("cluster"))
        self.category.append(record.get("category"))
        self.score.append(_score(record))
        self.truncated.append(np.nan if finish is None else float(finish == "length"))
        self.tokens.append(np.nan if tokens is None else float(tokens))
        self.characters.append(float(len(text)))
        self.refused.append(float(refuses(text)))
        self.unextracted.append(float(record.get("extracted") is None))
        known = len(self.doc_id) <= _LANGUAGE_ROWS
        self.foreign.append(_foreign(record["prompt"], text) if known else np.nan)

    def items(self) -> "Items":
        """The rows grouped by item."""
        return Items.of(self)


@dataclass(frozen=True, slots=True)
class Items:
    """The items of a table: rows with the same doc_id are repeats of one item."""

    table: Table
    key: dict[str, int]
    """Pairing key → item: the doc_hash; where several items share one (a question that occurs twice), with a rank."""
    row: list[int]
    """Each item's first row."""
    of_row: NDArray[np.int64]
    """Each row's item."""
    repeats: int
    """Rows of the item that has most."""

    @classmethod
    def of(cls, table: Table) -> "Items":
        """Group the rows."""
        index: dict[str, int] = {}
        of_row = np.fromiter(
            (index.setdefault(doc_id, len(index)) for doc_id in table.doc_id), np.int64, len(table.doc_id)
        )
        first = np.zeros(len(index), dtype=np.int64)
        first[of_row[::-1]] = np.arange(len(of_row) - 1, -1, -1)
        repeats = int(np.bincount(of_row).max()) if of_row.size else 0
        rows = first.tolist()
        return cls(table, _keys(table, rows), rows, of_row, repeats)

    def mean(self, values: Sequence[float]) -> Numbers:
        """The mean per item over the rows where it is known; NaN where it is known in none."""
        numbers = np.asarray(values, dtype=float)
        known = ~np.isnan(numbers)
        size = len(self.row)
        count = np.bincount(self.of_row[known], minlength=size)
        total = np.bincount(self.of_row[known], weights=numbers[known], minlength=size)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(total / count)

    def extremes(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Each item's row with the lowest and with the highest score."""
        scores = np.asarray(self.table.score)
        order = np.lexsort((scores, self.of_row))
        known = order[~np.isnan(scores[order])]
        low, high = np.array(self.row, dtype=np.int64), np.array(self.row, dtype=np.int64)
        low[self.of_row[known[::-1]]] = known[::-1]
        high[self.of_row[known]] = known
        return low, high

    @property
    def unjudged_share(self) -> float:
        """The share of the rows without a score."""
        return float(np.isnan(np.asarray(self.table.score)).mean())


def read_tables(source: Source) -> dict[str, Table]:
    """The tasks of a source. Raises DataError for rows that are not sample rows."""
    return _tables(enumerate(source.records()))


def _tables(records: Iterable[tuple[int, Record]]) -> dict[str, Table]:
    tables: dict[str, Table] = {}
    for number, record in records:
        task = str(record.get("task") or "samples")
        if task not in tables:
            tables[task] = Table(task)
        tables[task].add(number, record)
    return tables


def _keys(table: Table, rows: Sequence[int]) -> dict[str, int]:
    keys: dict[str, int] = {}
    for item, row in _by_rank(table, rows):
        key, rank = table.doc_hash[row], 1
        while key in keys:
            rank += 1
            key = f"{table.doc_hash[row]}#{rank}"
        keys[key] = item
    return keys


def _by_rank(table: Table, rows: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Items in the order of their ids: the order of a file written by parallel workers means nothing."""
    if len({table.doc_hash[row] for row in rows}) == len(rows):
        return iter(enumerate(rows))
    return iter(sorted(enumerate(rows), key=lambda pair: table.doc_id[pair[1]]))


def _score(record: Record) -> float:
    score = record["score"]
    if score is None or record.get("outcome") in _UNJUDGED:
        return float("nan")
    wrong = fault(record)
    if wrong:
        raise DataError(f"{record.get('task')}, item {record['doc_id']}: {wrong}")
    return float(score)


def _foreign(prompt: Any, text: str) -> float:
    asked = prompt if isinstance(prompt, str) else "\n".join(final_text([{**m, "role": "assistant"}]) for m in prompt)
    wanted, found = language(asked), language(text)
    return np.nan if wanted is None or found is None else float(wanted != found)
