"""Words as IFEval and IFBench count them: runs of word characters, and Penn Treebank tokens without NLTK."""

import re
import string

from holdfast.rewards.instructions import sentences

_WORD = re.compile(r"\w+")
_STRIP_PUNCTUATION = str.maketrans("", "", string.punctuation)

# One alternation replaces the Treebank tokenizer's chain of substitutions (Marcus et al. 1993; Robert MacIntyre's
# rules): brackets, quotes, dashes and most punctuation stand alone, clitics are split off, inner periods stay.
_CLITIC = r"(?:'(?:ll|re|ve|s|m|d)|n't)(?![\w'])"
_MARK = r"\.{2,}|--|''|``|[\[\](){}<>;@#$%&?!*`\"“”«»‘’–—]|[:,](?!\d)|'(?=\s|$)|(?<!\S)'(?!(?:re|ve|ll|[mtsdn])\b)"
_JOINED = r"\b(?:can(?=not\b)|(?<=\bcan)not\b|gon(?=na\b)|got(?=ta\b)|wan(?=na\b)|gim(?=me\b)|lem(?=me\b))"
_TREEBANK = re.compile(rf"{_MARK}|(?i:{_CLITIC}|{_JOINED})|(?:(?!{_MARK}|(?i:{_CLITIC}))\S)+|\S")


def count(text: str) -> int:
    """How many runs of word characters: what IFEval calls words ("don't" is two)."""
    return sum(1 for _ in _WORD.finditer(text))


def runs(text: str) -> list[str]:
    """The runs of word characters."""
    return _WORD.findall(text)


def bare(text: str) -> str:
    """The text without ASCII punctuation."""
    return text.translate(_STRIP_PUNCTUATION)


def tokens(text: str) -> list[str]:
    """Treebank tokens of every sentence: the final period of a sentence stands alone, inner ones do not."""
    found: list[str] = []
    for sentence in sentences.split(text):
        found += _split_final_period(_TREEBANK.findall(sentence))
    return found


def _split_final_period(words: list[str]) -> list[str]:
    """Cut the period off the sentence's last word (closing quotes and brackets may follow it)."""
    index = len(words) - 1
    while index > 0 and words[index] in ")]}>\"'»”’'''":
        index -= 1
    if index >= 0 and len(words[index]) > 1 and words[index].endswith(".") and not words[index].endswith(".."):
        words[index : index + 1] = [words[index][:-1], "."]
    return words
