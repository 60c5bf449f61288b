"""The sample row: one judged item on disk, and reading and writing files of them."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import IO, Any, BinaryIO

from holdfast.errors import DataError
from holdfast.files import read_jsonl
from holdfast.sample import Outcome, Score, Text

SCHEMA_VERSION = 1


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
    rendered: str | None = None
    """The prompt as the model saw it (template, examples, system message), for a chat endpoint the messages it was sent
    as JSON; None where it is `prompt` itself."""

    def with_score(self, score: Score) -> "Row":
        """The row with the score of a new judgement."""
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


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a sample file of ours."""
    for number, record in read_jsonl(path):
        yield Row.from_json(record, f"{path}:{number}")


def read_whole_rows(path: Path) -> Iterator[Row]:
    """The rows of a file that a kill may have cut, one at a time: a torn last line is cut off the file, anything else
    still raises."""
    if path.exists():
        with path.open("rb+") as stream:
            stream.truncate(_end_of_lines(stream))
        yield from read_rows(path)


def _end_of_lines(stream: BinaryIO) -> int:
    """The number of bytes up to the last line end, found from the file's end."""
    start = stream.seek(0, os.SEEK_END)
    while start > 0:
        size = min(start, 1 << 16)
        start = stream.seek(start - size)
        found = stream.read(size).rfind(b"\n")
        if found >= 0:
            return start + found + 1
    return 0


def encode(row: Row) -> str:
    """One JSON line, without its line end; lone surrogates survive as escapes."""
    return json.dumps({"schema": SCHEMA_VERSION, **asdict(row)}, ensure_ascii=True)


def append(stream: IO[str], row: Row) -> None:
    """Append a row so that a killed run keeps it."""
    stream.write(encode(row) + "\n")
    stream.flush()
