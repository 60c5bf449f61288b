"""`stopping.json`: what a measurement that stops when it is decided has decided, on which items and what evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from holdfast.errors import DataError
from holdfast.files import read_json, write_json

FILE = "stopping.json"
SCHEMA = 1
Name = Literal["OPEN", "REGRESSED", "HELD", "IMPROVED"]


@dataclass(frozen=True, slots=True)
class StoppedMean:
    """The mean of the held benchmarks, over their r-th items."""

    verdict: Name
    rounds: int
    mean: float | None
    interval: Sequence[float]
    """Holds at any time of stopping."""


@dataclass(frozen=True, slots=True)
class StoppedTask:
    """How one held benchmark was stopped."""

    verdict: Name
    items: int
    """Measured when it was decided."""
    of: int
    """Items that there are."""
    mean: float | None
    """Mean of the paired differences."""
    interval: Sequence[float]
    p_regressed: float
    """Anytime-valid: 1/(largest evidence)."""
    p_improved: float


@dataclass(frozen=True, slots=True)
class Stopped:
    """A whole suite. Margins, means and intervals are shares."""

    margin: float
    alpha: float
    step: int
    decision: Name
    mean: StoppedMean
    tasks: Mapping[str, StoppedTask]
    before: Mapping[str, Any] = field(default_factory=dict)
    """The model before."""
    whole: Mapping[str, int] = field(default_factory=dict)
    """Held benchmarks too small to stop beside larger ones, with their items: measured whole and judged apart."""
    path: Sequence[Mapping[str, Any]] = ()
    """Look by look: items of each benchmark, log evidence, what was decided by then."""


def write_stopped(directory: Path, stopped: Stopped) -> None:
    """Write stopping.json (whole)."""
    write_json(directory / FILE, {"schema": SCHEMA, **asdict(stopped)})


def read_stopped(directory: Path) -> Stopped | None:
    """What a measurement decided; None for one that was not to stop. Raises DataError for a file that is no such."""
    if not (directory / FILE).is_file():
        return None
    record = read_json(directory / FILE)
    if record.pop("schema", None) != SCHEMA:
        raise DataError(f"{directory / FILE} is of another schema than {SCHEMA}")
    try:
        mean = StoppedMean(**record.pop("mean"))
        tasks = {name: StoppedTask(**task) for name, task in record.pop("tasks").items()}
        return Stopped(**record, mean=mean, tasks=tasks)
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{directory / FILE} is not what a stopped measurement wrote: {error}") from error
