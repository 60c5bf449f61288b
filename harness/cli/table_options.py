"""The keys by which `compare` and `rank` read what they are given: columns of a table, and ranges of numbers."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

from holdfast.errors import UsageError
from holdfast.importers.table import Columns


@dataclass(slots=True)
class TableOptions(Columns):
    """Where a table that is not ours holds what, as keys of a verb."""

    def columns(self, score: str | None = None) -> Columns | None:
        """The columns that are named; None when none is. `score` takes the place of the named one."""
        named = {field.name: getattr(self, field.name) for field in fields(Columns)}
        found = Columns(**named | ({"score": score} if score else {}))
        return found if found != Columns() else None


def check_ranges(ranges: Iterable[tuple[str, float | None, float, float]]) -> None:
    """Raise UsageError for a value (name, value, low, high) that does not lie between its limits; None is not given."""
    for name, value, low, high in ranges:
        if value is not None and not low < value < high:
            raise UsageError(f"{name}= must lie between {low:g} and {high:g}, not {value:g}")
