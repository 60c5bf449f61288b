"""A measurement read from another harness's files: its rows are made when they are asked for."""

import gzip
import itertools
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from holdfast.errors import DataError
from holdfast.importers.scores import number
from holdfast.runs.measurement import Measurement, TaskResult, summarize
from holdfast.runs.row import Row

_MOST_LOOKED_AT = 1_000
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


def primary(rows: Iterable[Mapping[str, Any]], preferred: Sequence[str] = ()) -> str:
    """The name of the score that counts, for every row: the first preferred one, else the first number, of the first
    row that has any; the first name there is where no row (of a thousand) has a number. Rows that lack it have no
    score: another metric never stands in for it."""
    first = ""
    for scores in itertools.islice(rows, _MOST_LOOKED_AT):
        first = first or next(iter(scores), "")
        for name in (*preferred, *scores):
            if name in scores and number(scores[name]) is not None:
                return name
    return first


def check_one_model(path: Path, models: Mapping[Path, str]) -> None:
    """Raise DataError for a folder with the samples of several models; `models`: file or folder → model."""
    if len(set(models.values())) > 1:
        places = {model: source for source, model in models.items()}
        parents = {source.parent for source in places.values() if source.is_file()}
        whole = len(parents) == len(places)  # a folder for each
        listed = ", ".join(str(source.parent if whole else source) for source in list(places.values())[:4])
        raise DataError(f"{path} holds the samples of {len(places)} models; give one of: {listed}")
