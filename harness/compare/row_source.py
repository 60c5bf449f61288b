"""Where a measurement's rows come from: read once as columns, and again, by number, for the few whose text is shown."""

import gzip
import itertools
import json
from array import array
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import IO, Any, Protocol, cast

from holdfast.errors import DataError
from holdfast.runs.row import Row

Record = Mapping[str, Any]
_NEEDED = frozenset({"doc_id", "doc_hash", "prompt_hash", "prompt", "completion", "score", "outcome"})
_FIELDS = tuple(f.name for f in fields(Row))


class Source(Protocol):
    """Rows as plain mappings with the fields of `holdfast.runs.row.Row`, in an order that stays the same."""

    def records(self) -> Iterator[Record]:
        """Every row."""

    def fetch(self, numbers: Collection[int]) -> Iterator[tuple[int, Record]]:
        """(number, row) of the rows with these positions (0-based)."""


@dataclass(slots=True)
class FileSource:
    """A sample file of ours, JSONL or JSONL.gz."""

    path: Path
    offsets: "array[int]" = field(default_factory=lambda: array("q"))
    """Where each row starts, from the last complete reading."""

    def records(self) -> Iterator[Record]:
        """Every row. Raises DataError naming file and line."""
        self.offsets = array("q")
        place = 0
        try:
            with self._open() as lines:
                for number, line in enumerate(lines, start=1):
                    if not line.isspace():
                        self.offsets.append(place)
                        yield _parse(line, f"{self.path}:{number}")
                    place += len(line)
        except OSError as error:
            raise DataError(f"cannot read {self.path}: {error}") from error

    def fetch(self, numbers: Collection[int]) -> Iterator[tuple[int, Record]]:
        """Only the wanted rows are parsed."""
        with self._open() as lines:
            for number in sorted(set(numbers)):
                lines.seek(self.offsets[number])
                yield number, _parse(lines.readline(), str(self.path))

    def _open(self) -> IO[bytes]:
        return cast(IO[bytes], gzip.open(self.path) if self.path.suffix == ".gz" else self.path.open("rb"))


def _parse(line: bytes, where: str) -> Record:
    try:
        record = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: not UTF-8 text: {error}") from error
    except ValueError as error:
        raise DataError(f"{where}: not JSON: {error}") from error
    if not isinstance(record, dict) or not record.keys() >= _NEEDED:
        missing = sorted(_NEEDED - record.keys() if isinstance(record, dict) else _NEEDED)
        raise DataError(f"{where}: not a sample row: it lacks {', '.join(missing)}")
    wrong = fault(record)
    if wrong:
        raise DataError(f"{where}: {wrong}")
    return cast(Record, record)


def fault(record: Record) -> str:
    """What in a row cannot be computed with; empty when nothing."""
    score, tokens = record["score"], record.get("tokens")
    if score is not None and not (isinstance(score, int | float) and 0 <= score <= 1):
        kind = "must lie between 0 and 1" if isinstance(score, int | float) else "must be a number or null"
        return f"a score {kind}, not {score!r:.60}"
    if tokens is not None and not (isinstance(tokens, int | float) and 0 <= tokens < float("inf")):
        return f"tokens must be a count or null, not {tokens!r:.60}"
    for name in ("cluster", "category"):
        if not isinstance(record.get(name), str | None):
            return f"{name} must be text or null, not {record[name]!r:.60}"
    for name in ("prompt", "completion"):
        if not isinstance(record[name], str | list):
            return f"{name} must be text or a list of messages, not {record[name]!r:.60}"
    return ""


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
