"""Texts of a row and their words, as n-gram comparisons count them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_WORD = re.compile(r"[a-z0-9_]+")
_CJK = "぀-ヿ㐀-䶿一-鿿"
"""Kana and Han are written without spaces: each sign counts as a word."""
_ANY_WORD = re.compile(rf"[{_CJK}]|[^\W{_CJK}]+")


def words(text: str) -> list[str]:
    """Lower-case words without punctuation (GPT-3's normalisation, arXiv 2005.14165 appendix C)."""
    folded = text.lower()
    return (_WORD if folded.isascii() else _ANY_WORD).findall(folded)


def collapsed(text: str) -> str:
    """The text as it is compared whole: case and white space do not count, everything else does."""
    return " ".join(text.split()).casefold()


def leaves(value: Any) -> Iterator[str]:
    """Every text in a row, at any depth, in order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, Sequence):
        for inner in value:
            yield from leaves(inner)
