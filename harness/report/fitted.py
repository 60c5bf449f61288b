"""A table where the terminal is wide enough for its figures; else its rows, one below the other, with nothing cut."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.table import Column, Table
    from rich.text import Text

_ENOUGH = 100_000
"""Columns in which any table has room."""


class Fitted:
    """The renderable of a table: `rich` alone would cut words and figures to an ellipsis where they do not fit."""

    def __init__(self, table: "Table") -> None:
        self.table = table

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "Iterator[RenderableType]":
        """The table, or a line for each row's first cell and below it the others with their heads."""
        widths = _widths(self.table, console, options)
        if widths is not None:
            made = copy.copy(self.table)
            made.columns = [replace(column, width=width) for column, width in zip(made.columns, widths, strict=True)]
            yield made
            return
        if self.table.title:
            yield self.table.title
        heads = [_text(column.header, console) for column in self.table.columns]
        for row in zip(*(list(column.cells) for column in self.table.columns), strict=True):
            yield from _below(heads, [_text(cell, console) for cell in row])
        if self.table.caption:
            yield self.table.caption


def _widths(table: "Table", console: "Console", options: "ConsoleOptions") -> list[int] | None:
    """Columns' widths at which no word and no figure is cut; None where there is no room for that. What is left goes
    to the narrow columns first, so that only the widest wrap."""
    from rich.measure import Measurement

    wide = options.update(width=_ENOUGH)
    spans = [_span(column, console, wide) for column in table.columns]
    frame = Measurement.get(console, wide, table).maximum - sum(whole for _, whole in spans)
    left = options.max_width - frame - sum(least for least, _ in spans)
    if left < 0:
        return None
    widths = [least for least, _ in spans]
    by_want = sorted(range(len(spans)), key=lambda i: spans[i][1] - spans[i][0])
    for place, i in enumerate(by_want):
        given = min(spans[i][1] - spans[i][0], left // (len(spans) - place))
        widths[i], left = widths[i] + given, left - given
    return widths


def _span(column: "Column", console: "Console", wide: "ConsoleOptions") -> tuple[int, int]:
    """The least width of a column, and that of its longest cell."""
    from rich.measure import Measurement

    if column.width is not None:
        return column.width, column.width
    found = [Measurement.get(console, wide, cell) for cell in (column.header, *column.cells)]
    whole = max(column.min_width or 0, *(one.maximum for one in found))
    if column.no_wrap:
        return whole, whole
    longest_word = max(one.minimum for one in found)
    return (column.min_width or longest_word) if column.overflow == "fold" else longest_word, whole


def _below(heads: "Sequence[Text]", cells: "Sequence[Text]") -> "Iterator[RenderableType]":
    from rich.padding import Padding
    from rich.text import Text

    first, *others = cells
    if first.plain.strip():
        yield first
    said = [(head, cell) for head, cell in zip(heads[1:], others, strict=True) if cell.plain.strip()]
    if said:
        pairs = [Text.assemble((f"{head.plain} ", "dim") if head.plain else "", cell) for head, cell in said]
        yield Padding(Text(" · ", style="dim").join(pairs), (0, 0, 0, 2))


def _text(cell: "RenderableType", console: "Console") -> "Text":
    from rich.text import Text

    return cell if isinstance(cell, Text) else console.render_str(str(cell))
