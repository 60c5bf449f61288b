"""A measurement read from another harness's files: its rows are made when they are asked for."""

import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from holdfast.errors import DataError
from holdfast.runs.measurement import Measurement, TaskResult, summarize
from holdfast.runs.row import Row

Rows = Callable[[], Iterator[Row]]


@dataclass(slots=True)
class Recorded(Measurement):
    """Rows by task, streamed from where the other harness put them."""

    sources: Mapping[str, Rows] = field(kw_only=True)

    def rows(self, task: str) -> Iterator[Row]:
        """The rows of a task, streamed."""
        return self.sources[task]()


def recorded(
    path: Path, sources: Mapping[str, Rows], results: Mapping[str, TaskResult], model: Mapping[str, Any]
) -> Recorded:
    """A Recorded with its means filled in. Raises DataError when there are no rows."""
    if not sources:
        raise DataError(f"{path} holds no samples")
    tasks = {name: summarize(results[name], rows()) for name, rows in sources.items()}
    return Recorded(path, tasks, model, sources=sources)


def read_whole(path: Path) -> Any:
    """What a JSON file holds; None for what is no JSON file (other readers' files are asked, too)."""
    if not path.is_file() or not path.name.endswith((".json", ".json.gz")):
        return None
    state = path.stat()
    return _parsed(path, state.st_mtime_ns, state.st_size)


def read_object(path: Path) -> dict[str, Any] | None:
    """The object that a JSON file holds; None for anything else."""
    found = read_whole(path)
    return found if isinstance(found, dict) else None


@lru_cache(maxsize=1)
def _parsed(path: Path, _changed: int, _size: int) -> Any:
    """Several readers look at one file in turn: it is parsed once."""
    try:
        raw = path.read_bytes()
        return json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)
    except (ValueError, RecursionError, OSError, EOFError, zlib.error):
        return None


def number(value: Any) -> float | None:
    """A score as other harnesses write it: a number, a truth value, or inspect's C, I, P, N."""
    if isinstance(value, bool | int | float):
        return float(value) if value == value else None
    return {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0, "true": 1.0, "false": 0.0}.get(str(value))


def primary(scores: Mapping[str, Any], preferred: Sequence[str]) -> tuple[str, float | None]:
    """(name, value) of the score that counts: the first preferred one, else the first number."""
    for name in (*preferred, *scores):
        if name in scores and number(scores[name]) is not None:
            return name, number(scores[name])
    return next(iter(scores), ""), None
