"""Traits of a completion that explain a changed score: a refusal, a language. Cheap, bounded, and only indications."""

import re

_HEAD = 400
_HINTS = ("sorry", "unable", "not able", "as an ai", "i can", "i won", "i must", "apolog")
"""A text with none of these is no refusal: spares the pattern."""
_REFUSAL = re.compile(
    r"\b(?:i(?:['’]m| am) (?:sorry|unable|not able)\b|i (?:can(?:['’]t|not| not)|won['’]t|must decline|am unable)"
    r"(?: \w+){0,2} (?:help|assist|answer|provide|do|comply|fulfil|create|write|solve|continue|support)"
    r"|as an ai\b|i apologi[sz]e, but)"
)
_SCRIPTS = {
    "zh": re.compile("[\u4e00-\u9fff]"),
    "ja": re.compile("[\u3040-\u30ff]"),
    "ko": re.compile("[\uac00-\ud7a3]"),
    "cyrillic": re.compile("[\u0400-\u04ff]"),
    "arabic": re.compile("[\u0600-\u06ff]"),
    "devanagari": re.compile("[\u0900-\u097f]"),
    "greek": re.compile("[\u0370-\u03ff]"),
    "hebrew": re.compile("[\u0590-\u05ff]"),
    "thai": re.compile("[\u0e00-\u0e7f]"),
}
_WORDS = {
    "en": "the and is of to in that it for was with are this be on as have you not",
    "fr": "le la les et est des une dans que qui pour sur pas avec sont il au du",
    "de": "der die das und ist nicht ein eine zu den mit von für auf dem sich auch es",
    "es": "el los las y es una que por con para del se su como más lo no está",
    "it": "il gli e è un che di per con sono della non nel si alla anche dei",
    "pt": "o os e é um uma que do da em para com não por as dos mais são",
    "nl": "de het een en is van dat niet op te zijn voor met die aan er ook",
}
_COMMON = {name: frozenset(words.split()) for name, words in _WORDS.items()}
_FEWEST = 3


def refuses(text: str) -> bool:
    """Whether the text begins like a refusal."""
    head = text[:_HEAD].lower()
    for hint in _HINTS:
        if hint in head:
            return _REFUSAL.search(head) is not None
    return False


def language(text: str) -> str | None:
    """The script of the text's beginning, or for Latin script the language by its commonest words; None: cannot tell.

    Japanese is Han with kana. Numbers, code and short answers have no language.
    """
    head = text[:_HEAD]
    if not head.isascii():
        script = _script(head)
        if script is not None:
            return script
    words = set(head.lower().split())
    counts = {name: len(words & common) for name, common in _COMMON.items()}
    ranked = sorted(counts.items(), key=lambda pair: -pair[1])
    clear = ranked[0][1] >= 1.5 * ranked[1][1]
    return ranked[0][0] if ranked[0][1] >= _FEWEST and clear else None


def _script(head: str) -> str | None:
    letters = sum(map(str.isalpha, head))
    counts = {name: len(pattern.findall(head)) for name, pattern in _SCRIPTS.items()}
    if counts["ja"] >= 2:
        return "ja"
    name = max(counts, key=lambda key: counts[key])
    return name if counts[name] * 3 >= letters and counts[name] >= 2 else None
