"""HTML text made safely: everything is escaped unless it is `Html` already."""

import html
import re
from collections.abc import Iterable
from typing import NamedTuple

# Controls, zero-width and bidirectional characters: a name that holds them could look like another name.
_DECEIVING = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


class Cell(NamedTuple):
    """A table cell with the value it is sorted by."""

    shown: object
    value: float


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def visible(text: str) -> str:
    """`text` with characters that deceive the eye (or cannot be encoded) replaced by U+FFFD."""
    return _DECEIVING.sub("�", text)


def escape(value: object) -> Html:
    """Markup of any value: `Html` as it is, everything else as escaped text."""
    if isinstance(value, Html):
        return value
    return Html(html.escape(visible(str(value)), quote=True))


def join(parts: Iterable[object], between: str = "") -> Html:
    """The markup of several parts."""
    return Html(between.join(escape(part) for part in parts))


def tag(name: str, /, *children: object, **attributes: object) -> Html:
    """One element. A trailing or inner underscore of an attribute's name becomes nothing or a dash
    (`class_`, `data_task`); None and False leave the attribute out."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return Html(f"<{name}{given}>{join(children)}</{name}>")


def section(identifier: str, title: str, lede: object, *children: object) -> Html:
    """A section of the page with its heading and one sentence on how to read it."""
    heading = tag("h2", title, id=f"{identifier}-title")
    return tag(
        "section",
        heading,
        tag("p", lede, class_="lede"),
        *children,
        id=identifier,
        aria_labelledby=f"{identifier}-title",
    )


def table(heads: Iterable[object], rows: Iterable[Iterable[object]], numeric: Iterable[int] = ()) -> Html:
    """A plain table, which arrow keys scroll sideways; the columns numbered in `numeric` are set right."""
    right = set(numeric)
    kind = ["n" if i in right else None for i in range(64)]
    heads = tuple(heads)
    head = tag("tr", *(tag("th", cell, class_=kind[i], scope="col") for i, cell in enumerate(heads)))
    body = (tag("tr", *(_cell(cell, kind[i]) for i, cell in enumerate(row))) for row in rows)
    name = f"Table by {heads[0]}"
    listing = tag("table", tag("thead", head), tag("tbody", *body))
    return tag("div", listing, class_="scroll", tabindex="0", role="group", aria_label=name)


def _cell(cell: object, kind: str | None) -> Html:
    if isinstance(cell, Cell):
        return tag("td", cell.shown, class_=kind, data_value=f"{cell.value:.6g}")
    return tag("td", cell, class_=kind)


def pairs(entries: Iterable[tuple[object, object]]) -> Html:
    """A description list of (term, description) pairs."""
    return tag("dl", *(join((tag("dt", key), tag("dd", value))) for key, value in entries), class_="pairs")
