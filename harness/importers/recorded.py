"""A measurement read from another harness's files: its rows are made when they are asked for."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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
