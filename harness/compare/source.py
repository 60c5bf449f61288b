"""Where a measurement's rows come from: read once as columns, and again, by number, for the few whose text is shown."""

import gzip
import itertools
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Protocol

from holdfast.errors import DataError
from holdfast.rows import Row, read_jsonl

Record = Mapping[str, Any]
_FIELDS = tuple(f.name for f in fields(Row))


class Source(Protocol):
    """Rows as plain mappings with the fields of `holdfast.rows.Row`, in an order that stays the same."""

    def records(self) -> Iterator[Record]:
        """Every row."""

    def fetch(self, numbers: Collection[int]) -> Iterator[tuple[int, Record]]:
        """(number, row) of the rows with these positions (0-based)."""


@dataclass(frozen=True, slots=True)
class FileSource:
    """A sample file of ours, JSONL or JSONL.gz."""

    path: Path

    def records(self) -> Iterator[Record]:
        """Every row. Raises DataError naming file and line."""
        for number, record in read_jsonl(self.path):
            if "doc_hash" not in record or "score" not in record:
                missing = "doc_hash" if "doc_hash" not in record else "score"
                raise DataError(f"{self.path}:{number}: not a sample row: it lacks {missing!r}")
            yield record

    def fetch(self, numbers: Collection[int]) -> Iterator[tuple[int, Record]]:
        """Only the wanted lines are parsed."""
        wanted = frozenset(numbers)
        if not wanted:
            return
        opener: Any = gzip.open if self.path.suffix == ".gz" else open
        with opener(self.path, "rb") as lines:
            rows = (line for line in lines if not line.isspace())
            for number, line in enumerate(itertools.islice(rows, max(wanted) + 1)):
                if number in wanted:
                    yield number, json.loads(line)


@dataclass(frozen=True, slots=True)
class RowSource:
    """Rows that something else reads: another harness's output, or columns of a table."""

    rows: Callable[[], Iterator[Row]]

    def records(self) -> Iterator[Record]:
        """Every row."""
        return (as_record(row) for row in self.rows())

    def fetch(self, numbers: Collection[int]) -> Iterator[tuple[int, Record]]:
        """The wanted rows, read anew."""
        wanted = frozenset(numbers)
        if wanted:
            rows = itertools.islice(self.rows(), max(wanted) + 1)
            yield from ((number, as_record(row)) for number, row in enumerate(rows) if number in wanted)


def as_record(row: Row) -> Record:
    """A row as a mapping, its values shared, not copied."""
    return {name: getattr(row, name) for name in _FIELDS}
