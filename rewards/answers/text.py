"""What several rewards read out of a completion before they judge it."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from holdfast.rewards.answers.endings.closing import without_closing
from holdfast.rewards.answers.endings.runon import before_next_question
from holdfast.rewards.answers.endings.standing import standing_part
from holdfast.rewards.answers.numerals.digits import in_ascii
from holdfast.rewards.answers.thinking import strip_thinking
from holdfast.sample import Sample

Stop = Literal["question", "none"] | Sequence[str]
"""Where an answer ends: at the next question of a run-on few-shot prompt, nowhere, or at the first of some texts."""

Language = Literal[
    "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "eu", "fa", "fi", "fr", "gl", "he", "hi",
    "hr", "hu", "id", "is", "it", "ja", "kk", "ko", "lt", "lv", "mk", "nb", "nl", "pl", "pt", "ro", "ru", "sk",
    "sl", "sq", "sr", "sv", "sw", "ta", "te", "th", "tr", "uk", "ur", "vi", "yo", "zh",
]  # fmt: skip
"""The language of the answers, where it is known: it says whether 1.234 is a decimal (as in English) or 1,234."""
_WITH_POINTS = frozenset("ar bn en fa he hi ja ko sw ta te th ur yo zh".split())


def writes_commas(language: Language | None) -> bool:
    """Does a language write decimals with a comma, and digit groups with points?"""
    return language is not None and language not in _WITH_POINTS


_TURN_ENDS = ("<|im_end|>", "<|im_start|>", "<|endoftext|>", "<|eot_id|>", "<|end|>", "</s>", "<|eom_id|>")
_TAG = re.compile(r"<(?:final_)?answer>(.{0,3000}?)</(?:final_)?answer>", re.IGNORECASE | re.DOTALL)
_SAID = re.compile(r"\n|answer|boxed|####", re.IGNORECASE)
_TAIL, _SHORT = 60_000, 200


def answer_text(text: str) -> str:
    """The part of a completion that answers: what follows its thought, nothing while it still thinks."""
    return strip_thinking(text) or ""


def final_part(text: str, stop: Stop = "none") -> str:
    """The text that counts, digits in ASCII: after the thought, inside answer tags, before the turn or answer ends.

    Empty where the text takes its answer back or only reports it; a last remark on another value is off.
    """
    text = strip_thinking(text) or ""
    if "<|" in text or "</s>" in text:
        for mark in _TURN_ENDS:
            at = text.find(mark)
            if at > 0 and text[:at].strip():
                text = text[:at]
    if stop == "question":
        text = before_next_question(text)
    elif stop != "none":
        ends = [at for mark in stop if (at := text.find(mark)) > 0 and text[:at].strip()]
        text = text[: min(ends)] if ends else text
    return standing_part(without_closing(in_ascii(tagged(text))))


def tagged(text: str) -> str:
    """What stands between answer tags (several that differ are joined by "or") as a sentence, else the text.

    A tag that a stop sequence left open opens the answer.
    """
    if "nswer>" not in text:
        return text
    closed = _TAG.findall(text[-_TAIL:]) if "</" in text else ()
    found = dict.fromkeys(inside.strip() for inside in closed if inside.strip())
    inside = " or ".join(found)
    if not found:
        _, opened, inside = text.rpartition("<answer>")
        if not (opened and inside.strip()) or "</answer>" in inside:
            return "" if closed else text
    return inside if len(inside) > _SHORT or _SAID.search(inside) else f"The answer is {inside.strip()}"


def with_object(sample: Sample) -> Sample:
    """The sample with a reference that is a JSON object's text read: label columns are often text."""
    reference = sample.reference
    if not isinstance(reference, str) or not reference.lstrip().startswith("{"):
        return sample
    try:
        return replace(sample, reference=json.loads(reference))
    except (ValueError, RecursionError):
        return sample


def quoted(text: str, limit: int = 60) -> str:
    """A short, printable quotation of the model's text for a reason: control characters and surrogates escaped."""
    return ascii(text if len(text) <= limit else text[:limit] + "…") if not _plain(text) else repr(text[:limit])


def _plain(text: str) -> bool:
    return text.isprintable() and len(text) <= 1000
