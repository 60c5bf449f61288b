"""The sample row: one judged item on disk, and reading and writing files of them."""

import gzip
import hashlib
import json
import os
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import IO, Any

from holdfast.errors import DataError
from holdfast.sample import Outcome, Score, Text

SCHEMA_VERSION = 1
Skip = Callable[[DataError], None]
"""Told of a row that cannot be read, so that the others are."""


@dataclass(slots=True)
class Row:
    """One judged item. `score` is None when it could not be judged."""

    task: str
    doc_id: str
    doc_hash: str
    """Hash of the item itself (prompt text and reference): what runs are paired by."""
    prompt_hash: str
    """Hash of the prompt exactly as the model saw it (chat template, few-shot)."""
    prompt: Text
    completion: Text
    reference: Any
    score: float | None
    outcome: str
    reason: str = ""
    extracted: str | None = None
    repeat: int = 0
    cluster: str | None = None
    """Items that share a cluster are not independent (one passage, several questions)."""
    category: str | None = None
    """Stratum inside a benchmark (an MMLU subject), for exploratory tables."""
    finish_reason: str | None = None
    """`stop`, or `length` when the completion was cut."""
    tokens: int | None = None
    parts: Mapping[str, float | None] = field(default_factory=dict)

    def with_score(self, score: Score) -> "Row":
        """The same item judged anew."""
        changed = {f.name: getattr(self, f.name) for f in fields(self)}
        changed |= {"score": score.value, "outcome": str(score.outcome), "reason": score.reason}
        return Row(**changed | {"extracted": score.extracted, "parts": dict(score.parts)})

    @classmethod
    def from_json(cls, record: Mapping[str, Any], where: str = "row") -> "Row":
        """Raises DataError naming the missing field."""
        known = {f.name for f in fields(cls)}
        try:
            return cls(**{key: value for key, value in record.items() if key in known})
        except TypeError as error:
            raise DataError(f"{where}: not a sample row: {error}") from error

    @property
    def key(self) -> tuple[str, str, int]:
        """What makes a row unique inside a measurement."""
        return self.task, self.doc_id, self.repeat

    @property
    def judged(self) -> bool:
        """Whether the row has a value."""
        return self.outcome not in (Outcome.UNJUDGEABLE, Outcome.ERROR)


def digest(value: Any) -> str:
    """A short stable hash (16 hex digits of SHA-256) of any JSON value."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def read_jsonl(path: Path, skip: Skip | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, record) of a JSONL file (`.gz` too), one at a time.

    Raises DataError naming file and line; where `skip` is given, it gets the error of such a line and reading goes on.
    """
    opener: Any = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rb") as lines:
            for number, line in enumerate(lines, start=1):
                record = _parse_or_skip(line, f"{path}:{number}", skip) if line.strip() else None
                if record is not None:
                    yield number, record
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"cannot read {path}: {error}") from error


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a sample file of ours."""
    for number, record in read_jsonl(path):
        yield Row.from_json(record, f"{path}:{number}")


def read_whole_rows(path: Path) -> list[Row]:
    """The rows of a file that a kill may have cut: a torn last line is dropped, anything else still raises."""
    if not path.exists():
        return []
    raw = path.read_bytes()
    whole = raw[: raw.rfind(b"\n") + 1]
    if len(whole) < len(raw):
        write_whole(path, whole)
    return list(read_rows(path))


def encode(row: Row) -> str:
    """One JSON line, without its line end; lone surrogates survive as escapes."""
    return json.dumps({"schema": SCHEMA_VERSION, **asdict(row)}, ensure_ascii=True)


def append(stream: IO[str], row: Row) -> None:
    """Append a row so that a killed run keeps it."""
    stream.write(encode(row) + "\n")
    stream.flush()


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all: temporary file, fsync, rename."""
    write_stream(path, [content])


def write_stream(path: Path, pieces: Iterable[str | bytes]) -> None:
    """The same for content that comes piece by piece and need not fit in memory."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            for piece in pieces:
                stream.write(piece.encode("utf-8", "surrogatepass") if isinstance(piece, str) else piece)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file whole."""
    write_whole(path, json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")


def _parse_or_skip(line: bytes, where: str, skip: Skip | None) -> dict[str, Any] | None:
    try:
        return _parse(line, where)
    except DataError as error:
        if skip is None:
            raise
        skip(error)
        return None


def _parse(line: bytes, where: str) -> dict[str, Any]:
    try:
        record = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise DataError(f"{where} is not UTF-8 text: {error}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: not JSON: {error}") from error
    if not isinstance(record, dict):
        raise DataError(f"{where}: expected an object, found {type(record).__name__}")
    return record
