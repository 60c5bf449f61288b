"""Texts of a row and their words, as n-gram comparisons count them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_WORD = re.compile(r"[a-z0-9_]+")
_CJK = "぀-ヿ㐀-䶿一-鿿"
"""Kana and Han are written without spaces: each sign counts as a word."""
_ANY_WORD = re.compile(rf"[{_CJK}]|[^\W{_CJK}]+")

_SIGN = re.compile(rf"[{_CJK}]|[^\W{_CJK}]+|[^\w\s]")


def words(text: str) -> list[str]:
    """Lower-case words without punctuation (GPT-3's normalisation, arXiv 2005.14165 appendix C)."""
    folded = text.lower()
    return (_WORD if folded.isascii() else _ANY_WORD).findall(folded)


def signs(text: str) -> list[str]:
    """Lower-case words and every other visible sign on its own: `3 + 4` is not `3 - 4`."""
    return _SIGN.findall(text.lower())


def collapsed(text: str) -> str:
    """The text as it is compared whole: case and white space do not count, everything else does."""
    return " ".join(text.split()).casefold()


def leaves(value: Any) -> Iterator[str]:
    """Every text in a row, at any depth (as deep as JSON can be), in order."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, Mapping):
            waiting.extend(reversed(list(one.values())))
        elif isinstance(one, Sequence) and not isinstance(one, bytes | bytearray):
            waiting.extend(reversed(one))
