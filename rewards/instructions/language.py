"""Which language a text is in: langdetect with its randomness fixed and its n-grams read word by word.

langdetect (the official checkers' detector) samples n-grams with an unseeded generator, so the same text can flip.
Here it is seeded per text by a factory of our own: the module-wide one of a user's program is left alone. Its n-grams
never cross a word's edge, so they are read per word and remembered, which gives the same list much faster.
"""

import re
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

_LOCK = threading.Lock()
_SEED = 0
_LIMIT = 10_000
"""langdetect reads no more characters than this; cutting before it cleans bounds the work on a long completion."""
_SPACES = re.compile(" {2,}")
_REMEMBERED_WORD = 30


def detect(text: str) -> str | None:
    """The ISO 639-1 code of the text's language (`zh-cn`, `zh-tw` for Chinese); None when it has no features."""
    if not text or text.isspace():
        return None
    return _detect(text[: 2 * _LIMIT])


def matches(text: str, language: str) -> bool:
    """Is the text in the language? `zh` accepts both Chinese scripts; a text without features is in none."""
    found = detect(text)
    return found is not None and (found == language or found.partition("-")[0] == language)


def known() -> frozenset[str]:
    """The codes that `detect` can return, `zh` included."""
    return frozenset(_factory().get_lang_list()) | {"zh"}


@lru_cache(maxsize=512)
def _detect(text: str) -> str | None:
    found = ngrams(text)
    if not found:
        return None
    detector = _factory().create()
    # The detector samples from these instead of walking through its (empty) text itself.
    detector._extract_ngrams = lambda: found
    return str(detector.detect())


def ngrams(text: str) -> list[str]:
    """The known n-grams (1 to 3 characters) of the text, in langdetect's order."""
    normal = _cleaned(text).translate(_NORMAL)
    words = normal.split(" ")
    found: list[str] = []
    for index, word in enumerate(words):
        if word:
            read = _word_ngrams if len(word) <= _REMEMBERED_WORD else _word_ngrams.__wrapped__
            found += read(word, index + 1 < len(words))
    return found


def _cleaned(text: str) -> str:
    """The text without addresses, cut as langdetect cuts it, and without Latin letters where they are the few."""
    from langdetect.detector import Detector
    from langdetect.utils.ngram import NGram
    from langdetect.utils.unicode_block import unicode_block

    text = Detector.URL_RE.sub(" ", text) if "://" in text else text
    text = Detector.MAIL_RE.sub(" ", text) if "@" in text else text
    if text.isascii():
        return text[:_LIMIT]
    text = _SPACES.sub(" ", NGram.normalize_vi(text)[:_LIMIT])
    latin = sum("A" <= c <= "z" for c in text)
    other = sum(c >= "\u0300" and unicode_block(c) != "Latin Extended Additional" for c in text)
    return re.sub("[A-z]", "", text) if latin * 2 < other else text


class _Normal(dict[int, str]):
    """Characters as langdetect normalises them (punctuation to a space, one letter for all of Hangul, …)."""

    def __missing__(self, code: int) -> str:
        from langdetect.utils.ngram import NGram

        self[code] = str(NGram.normalize(chr(code)))
        return self[code]


_NORMAL = _Normal()


@lru_cache(maxsize=50_000)
def _word_ngrams(word: str, followed: bool) -> tuple[str, ...]:
    """The known n-grams that end in the word or on the space behind it; none ends on a second capital in a row."""
    known_ngrams = _factory().word_lang_prob_map
    around = f" {word} " if followed else f" {word}"
    found = []
    for end in range(1, len(around)):
        if around[end].isupper() and around[end - 1].isupper():
            continue
        for start in (end, end - 1, end - 2):
            gram = around[max(start, 0) : end + 1]
            if start >= 0 and gram != " " and gram in known_ngrams:
                found.append(gram)
    return tuple(found)


@lru_cache(maxsize=1)
def _loaded() -> Any:
    from langdetect import detector_factory

    factory = detector_factory.DetectorFactory()
    paths = sorted(path for path in Path(detector_factory.PROFILES_DIRECTORY).iterdir() if path.name[0] != ".")
    factory.load_json_profile([path.read_text(encoding="utf-8") for path in paths])
    factory.set_seed(_SEED)
    return factory


def _factory() -> Any:
    with _LOCK:
        return _loaded()
