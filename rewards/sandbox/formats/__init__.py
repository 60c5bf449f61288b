"""Rows of published data sets of code as references: recognised by their keys, converted without a model.

`convert` takes a row as the data set publishes it, a column of it, or the column's text. One file a kind of row; each
has a `FORMATS` list, first match wins.
"""

from collections.abc import Mapping
from typing import Any

from holdfast.rewards.sandbox.formats import cases, columns, contests, pythonic
from holdfast.rewards.sandbox.formats.base import BadRowError, Format, parsed

FORMATS: dict[str, Format] = {
    item.name: item for item in [*contests.FORMATS, *pythonic.FORMATS, *cases.FORMATS, *columns.FORMATS]
}


def recognise(row: Any) -> Format | None:
    """The format that a row has; None for one of ours and for what nobody knows."""
    return next((item for item in FORMATS.values() if item.fits(row)), None)


def convert(row: Any, name: str = "") -> tuple[Any, str]:
    """The reference of a row and the format it was taken for (empty: it is one already). Text is read as JSON or as a
    Python literal first. Raises BadRowError for a row that breaks its format's rules."""
    row = parsed(row)
    found = FORMATS.get(name) if name else recognise(row)
    if name and found is None:
        raise BadRowError(f"unknown format {name!r} (available: {', '.join(FORMATS)})")
    if found is None:
        return row, ""
    try:
        reference = found.convert(row)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise BadRowError(
            f"a row of format {found.name!r} that cannot be read: {type(error).__name__}: {error}"
        ) from None
    return {**_own_fields(row), **reference, "format": found.name}, found.name


def _own_fields(row: Any) -> dict[str, Any]:
    """What a row says in our own words stays: options of the comparison, limits, a solution, the prompt."""
    texts = ("compare", "tolerance", "solution", "isolation", "setup", "prompt", "checker", "language", "prelude")
    numbers = ("time_limit", "cpu_limit", "memory_limit", "output_limit")
    if not isinstance(row, Mapping):
        return {}
    kept = {key: row[key] for key in texts if isinstance(row.get(key), str | float | dict) and row[key] != ""}
    return kept | {key: row[key] for key in numbers if isinstance(row.get(key), int | float)}


__all__ = ["FORMATS", "BadRowError", "Format", "convert", "parsed", "recognise"]
