"""Cheap looks: the plain words of a text, to be held against the words without which a costly pattern finds nothing."""

_LETTERS = bytes(code | 0x20 if chr(code).isalpha() else 0x20 for code in range(128)) + b" " * 128


def ascii_words(text: str) -> list[bytes]:
    """The words of an ASCII text in lower case: `isn't x_1` is isn, t, x."""
    return text.encode().translate(_LETTERS).split()


def looked_for(words: str) -> frozenset[bytes]:
    """The words of a list, to compare with those of a text."""
    return frozenset(words.encode().split())
