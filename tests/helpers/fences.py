"""The fenced blocks of a Markdown page, and the page without them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_FENCE = re.compile(r"^( *)(```|~~~)([\w-]*)[^\n]*\n(.*?)^ *\2 *$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Fence:
    """One block."""

    language: str
    text: str
    """Without the block's own indentation."""
    line: int
    """Of the page, from 1."""


def fences(page: str) -> Iterator[Fence]:
    """The blocks of a page's text, in order."""
    for found in _FENCE.finditer(page):
        text = re.sub(rf"^{found[1]}", "", found[4], flags=re.MULTILINE)
        yield Fence(found[3], text, page[: found.start()].count("\n") + 1)


def without_fences(page: str) -> str:
    """The text of a page without its blocks."""
    return _FENCE.sub("\n\n", page)
