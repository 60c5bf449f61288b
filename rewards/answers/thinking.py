"""Where a completion's thought ends and its answer begins.

Reasoning models write their thought before the answer, between markers of their family. Only what follows the last
closed thought answers; a thought that was opened and not closed was cut off, and holds no answer.
"""

import re
from collections.abc import Sequence

MARKERS: Sequence[tuple[str, str]] = (
    ("<think>", "</think>"),  # DeepSeek-R1, Qwen3, GLM, MiniMax, SmolLM3
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("[THINK]", "[/THINK]"),  # Magistral
    ("◁think▷", "◁/think▷"),  # Kimi
    ("<seed:think>", "</seed:think>"),  # Seed-OSS
    ("<|begin_of_thought|>", "<|end_of_thought|>"),  # Sky-T1
    ("<|channel|>analysis", "<|channel|>final<|message|>"),  # gpt-oss
    ("<|START_THINKING|>", "<|END_THINKING|>"),  # Command A
)
"""Opening and closing marker of a thought, one pair a family; a chat template may have opened it in the prompt."""

_OPENERS = tuple(dict.fromkeys(marker[0] for pair in MARKERS for marker in pair))
_ANY = {
    sign: re.compile(
        re.escape(sign) + f"(?:{'|'.join(re.escape(m[1:]) for pair in MARKERS for m in pair if m[0] == sign)})"
    )
    for sign in _OPENERS
}
"""One expression for each first character: a search that begins with one fixed character is fast."""
_QUOTES = "`\"'“‘"
_BARE_CHANNELS = ("analysis", "assistantfinal")
"""gpt-oss decoded without its special tokens."""


def strip_thinking(text: str, markers: Sequence[tuple[str, str]] = MARKERS) -> str | None:
    """The text behind the last closed thought (all of it where there was none); None while a thought is still open.

    An opening marker in quotes only mentions the marker.
    """
    if markers is MARKERS and not _marked(text) and not text.startswith(_BARE_CHANNELS[0]):
        return text
    start = max((at + len(closing) for _, closing in markers if (at := text.rfind(closing)) >= 0), default=0)
    if any(_opens(text, opening, start) for opening, _ in markers):
        return None
    opening, closing = _BARE_CHANNELS
    if not start and text.startswith(opening) and closing in text:
        start = text.rfind(closing) + len(closing)
    return text[start:]


def _marked(text: str) -> bool:
    """Does any marker stand in a text?"""
    return any(known.search(text) for sign, known in _ANY.items() if sign in text)


def _opens(text: str, opening: str, start: int) -> bool:
    """Does this marker stand behind `start`, other than quoted?"""
    at = text.find(opening, start)
    while at >= 0:
        if at == 0 or text[at - 1] not in _QUOTES:
            return True
        at = text.find(opening, at + 1)
    return False
