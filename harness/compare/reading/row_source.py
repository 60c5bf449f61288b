"""Where a measurement's rows come from: read once as columns, and again, by number, for the few whose text is shown."""

import gzip
import itertools
import json
from array import array
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import IO, Any, Protocol, cast

import msgspec

from holdfast.errors import DataError
from holdfast.runs.row import Row

Record = Mapping[str, Any]
_NEEDED = frozenset({"doc_id", "doc_hash", "prompt_hash", "prompt", "completion", "score", "outcome"})
_QUOTE = ord('"')
_FIELDS = tuple(f.name for f in fields(Row))


class Light(msgspec.Struct, gc=False):
    """A row as it is read for its numbers: the prompt stays JSON, what is never compared is not decoded."""

    doc_id: str | int
    doc_hash: str
    prompt_hash: str
    prompt: msgspec.Raw
    completion: Any
    score: Any
    outcome: Any
    task: str | None = None
    cluster: Any = None
    category: Any = None
    finish_reason: Any = None
    tokens: Any = None
    extracted: Any = None


class Source(Protocol):
    """Rows in an order that stays the same."""

    @property
    def where(self) -> str:
        """The row read last, as `file:line`; empty where that is not known."""

    def rows(self) -> Iterator[Light | Row]:
        """Every row, with the attributes of `holdfast.runs.row.Row` that are compared."""

    def fetch(self, numbers: Collection[int]) -> Iterator[tuple[int, Record]]:
        """(number, whole row) of the rows with these positions (0-based)."""


@dataclass(slots=True)
class FileSource:
    """A sample file of ours, JSONL or JSONL.gz."""

    path: Path
    offsets: "array[int]" = field(default_factory=lambda: array("q"))
    """Where each row starts, from the last complete reading."""
    line: int = 0
    """The line read last."""

    @property
    def where(self) -> str:
        """`file:line` of the row read last."""
        return f"{self.path}:{self.line}"

    def rows(self) -> Iterator[Light | Row]:
        """Every row of the file, in order. Raises DataError naming file and line."""
        self.offsets = array("q")
        start, decode = 0, msgspec.json.Decoder(Light).decode
        try:
            with self._open() as lines:
                for number, line in enumerate(lines, start=1):
                    if not line.isspace():
                        self.line = number
                        self.offsets.append(start)
                        try:
                            yield decode(line)
                        except (msgspec.DecodeError, UnicodeDecodeError):
                            yield _light(_parse(line, f"{self.path}:{number}"))
                    start += len(line)
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
    """A row by the standard library's reader, which says what is wrong and takes what msgspec does not (NaN)."""
    try:
        record = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: not UTF-8 text: {error}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: not JSON: {error}") from error
    if not isinstance(record, dict) or not record.keys() >= _NEEDED:
        missing = sorted(_NEEDED - record.keys() if isinstance(record, dict) else _NEEDED)
        raise DataError(f"{where}: not a sample row: it lacks {', '.join(missing)}")
    return cast(Record, record)


def _light(record: Record) -> Light:
    known = {name: record[name] for name in Light.__struct_fields__ if name in record}
    known |= {name: str(record[name]) for name in ("doc_id", "doc_hash", "prompt_hash")}
    return Light(**known | {"prompt": msgspec.Raw(json.dumps(record["prompt"]).encode())})


def fault(row: Light | Row) -> str:
    """What in a row cannot be computed with; empty when nothing."""
    score, tokens = row.score, row.tokens
    if type(score) is float and 0 <= score <= 1 and _usual(row, tokens):
        return ""
    if score is not None and not (isinstance(score, int | float) and 0 <= score <= 1):
        kind = "must lie between 0 and 1" if isinstance(score, int | float) else "must be a number or null"
        return f"a score {kind}, not {score!r:.60}"
    if tokens is not None and not (isinstance(tokens, int | float) and 0 <= tokens < float("inf")):
        return f"tokens must be a count or null, not {tokens!r:.60}"
    for name in ("cluster", "category"):
        if not isinstance(getattr(row, name), str | None):
            return f"{name} must be text or null, not {getattr(row, name)!r:.60}"
    prompt = prompt_of(row) if not isinstance(row, Light) or memoryview(row.prompt)[0] not in b'"[' else ""
    for name, value in (("prompt", prompt), ("completion", row.completion)):
        if not isinstance(value, str | list | tuple):
            return f"{name} must be text or a list of messages, not {value!r:.60}"
    return ""


def _usual(row: Light | Row, tokens: Any) -> bool:
    """Whether everything but the score is of the commonest kind: spares the other checks."""
    return (
        type(row) is Light
        and (tokens is None or (type(tokens) is int and tokens >= 0))
        and row.cluster is None
        and type(row.completion) is str
        and (row.category is None or type(row.category) is str)
        and memoryview(row.prompt)[0] == _QUOTE
    )


def prompt_of(row: Light | Row) -> Any:
    """A row's prompt: text or messages."""
    return json.loads(bytes(row.prompt)) if isinstance(row, Light) else row.prompt


@dataclass(frozen=True, slots=True)
class RowSource:
    """Rows that something else reads: another harness's output, or columns of a table."""

    made: Callable[[], Iterator[Row]]
    where: str = ""

    def rows(self) -> Iterator[Light | Row]:
        """Every row of the file, in order."""
        return self.made()

    def fetch(self, numbers: Collection[int]) -> Iterator[tuple[int, Record]]:
        """The wanted rows, read anew."""
        row_numbers = frozenset(numbers)
        if row_numbers:
            rows = itertools.islice(self.made(), max(row_numbers) + 1)
            yield from ((number, as_record(row)) for number, row in enumerate(rows) if number in row_numbers)


def as_record(row: Row) -> Record:
    """A row as a mapping, its values shared, not copied."""
    return {name: getattr(row, name) for name in _FIELDS}
