"""How much the answers differ from each other, on a sample: new words, new phrases, the way they begin."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from holdfast.trainers.data.overlap.words import words

WINDOW, WORDS = 500, 50_000
OPENING = 3
_PAIRS = 2_000
_SHOWN = 10
_READ = 20_000


@dataclass(frozen=True, slots=True)
class Diversity:
    """Measures of a sample of texts."""

    texts: int
    words: int
    """Words counted, at most 50,000: shares of distinct words fall with their number, so it is the same for all."""
    distinct_1: float
    """Different words among these (Li et al. 2016, arXiv 1510.03055)."""
    distinct_2: float
    """Different pairs of neighbouring words among these."""
    type_token: float | None
    """Different words in a window of 500, on average; None for fewer words."""
    openings: dict[str, float]
    """The most frequent first three words, and the share of the texts that begin so."""
    similarity: float | None
    """Words that two texts taken at random share, of those either has (Jaccard), on average; None of one text."""


def diversity(texts: Sequence[str]) -> Diversity | None:
    """The measures of these texts; None when there is no word in them."""
    word_lists = [words(text[:_READ]) for text in texts]
    word_lists = [found for found in word_lists if found]
    if not word_lists:
        return None
    shuffled = list(word_lists)
    random.Random(0).shuffle(shuffled)
    counted = _first(shuffled, WORDS)
    tokens = [word for one in counted for word in one]
    pairs = [pair for one in counted for pair in pairwise(one)]
    begins = Counter(" ".join(found[:OPENING]) for found in word_lists)
    return Diversity(
        texts=len(word_lists),
        words=len(tokens),
        distinct_1=len(set(tokens)) / len(tokens),
        distinct_2=len(set(pairs)) / max(len(pairs), 1),
        type_token=_type_token(tokens),
        openings={text: count / len(word_lists) for text, count in begins.most_common(_SHOWN)},
        similarity=_similarity(word_lists),
    )


def _first(texts: Sequence[list[str]], count: int) -> list[list[str]]:
    """Texts until there are `count` words, the last one cut."""
    kept: list[list[str]] = []
    for text in texts:
        if count <= 0:
            break
        kept.append(text[:count])
        count -= len(text)
    return kept


def _type_token(tokens: Sequence[str]) -> float | None:
    windows = [tokens[start : start + WINDOW] for start in range(0, len(tokens) - WINDOW + 1, WINDOW)]
    return sum(len(set(window)) for window in windows) / (WINDOW * len(windows)) if windows else None


def _similarity(texts: Sequence[list[str]]) -> float | None:
    if len(texts) < 2:
        return None
    sets = [frozenset(text) for text in texts]
    generator = random.Random(0)
    drawn_pairs = [generator.sample(range(len(sets)), 2) for _ in range(_PAIRS)]
    return sum(len(sets[a] & sets[b]) / len(sets[a] | sets[b]) for a, b in drawn_pairs) / len(drawn_pairs)
