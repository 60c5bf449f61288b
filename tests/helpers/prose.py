"""The sentences of a Markdown page: what a reader reads in one breath, without code, headings and addresses."""

import re
from collections.abc import Iterator

from helpers.fences import without_fences

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_ITEM = re.compile(r"^\s*(?:[-*+]|\d+\.)\s+", re.MULTILINE)
_END = re.compile(r"(?<=[.!?])[\"')*_]*\s+(?=[\"'(*_`A-Z0-9])")
_NOT_AN_END = re.compile(r"\b(?:e\.g|i\.e|vs|cf|al|etc|No|Fig|Eq|approx)\.$")


def sentences(markdown: str) -> Iterator[str]:
    """The sentences in paragraphs, items of lists and cells of tables."""
    text = _COMMENT.sub("", without_fences(markdown))
    for block in re.split(r"\n\s*\n", _ITEM.sub("\n\n", text)):
        lines = [line.strip() for line in block.splitlines() if not re.match(r"\s*(#|:::|!!!|===)", line)]
        if any(line.startswith("|") for line in lines):
            cells = [cell for line in lines if line.startswith("|") for cell in re.split(r"(?<!\\)\|", line)]
            yield from (sentence for cell in cells for sentence in _split(cell))
            lines = [line for line in lines if not line.startswith("|")]
        yield from _split(" ".join(lines))


def words(sentence: str) -> int:
    """How many words a sentence has; a piece of code, a formula and a link's address are one, none and none."""
    text = re.sub(r"`[^`]+`", "code", re.sub(r"\]\([^)]*\)", "]", sentence))
    return sum(any(letter.isalnum() for letter in word) for word in text.split())


def ninth_tenth(markdown: str) -> int:
    """The 90th percentile of the words of a page's sentences (nearest rank); 0 for a page without any."""
    lengths = sorted(words(sentence) for sentence in sentences(markdown))
    return lengths[max(0, -(-9 * len(lengths) // 10) - 1)] if lengths else 0


def _split(text: str) -> Iterator[str]:
    start = 0
    for end in _END.finditer(text):
        if not _NOT_AN_END.search(text[start : end.start()]):
            yield from _said(text[start : end.start()])
            start = end.end()
    yield from _said(text[start:])


def _said(text: str) -> Iterator[str]:
    if words(text) > 1:
        yield text.strip()
