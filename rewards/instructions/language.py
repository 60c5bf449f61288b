"""Which language a text is in: langdetect with its randomness fixed.

langdetect (the official checkers' detector) samples n-grams with an unseeded generator, so the same text can flip.
Here it is seeded per text by a factory of our own: the module-wide one of a user's program is left alone.
"""

import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

_LOCK = threading.Lock()
_SEED = 0
_LIMIT = 10_000
"""langdetect reads no more characters than this anyway; cutting first bounds the work on a long completion."""


def detect(text: str) -> str | None:
    """The ISO 639-1 code of the text's language (`zh-cn`, `zh-tw` for Chinese); None when it has no features."""
    if not text or text.isspace():
        return None
    return _detect(text[: 2 * _LIMIT])


@lru_cache(maxsize=512)
def _detect(text: str) -> str | None:
    from langdetect import LangDetectException

    detector = _factory().create()
    detector.append(text)
    try:
        return str(detector.detect())
    except LangDetectException:
        return None


def matches(text: str, language: str) -> bool:
    """Is the text in the language? `zh` accepts both Chinese scripts; a text without features is in none."""
    found = detect(text)
    return found is not None and (found == language or found.partition("-")[0] == language)


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


def known() -> frozenset[str]:
    """The codes that `detect` can return, `zh` included."""
    return frozenset(_factory().get_lang_list()) | {"zh"}
