"""What several rewards read out of a completion before they judge it."""

import json
import re
from dataclasses import replace

from holdfast.rewards.answers.thinking import strip_thinking
from holdfast.sample import Sample

_TAG = re.compile(r"<(?:final_)?answer>(.{0,3000}?)</(?:final_)?answer>", re.IGNORECASE | re.DOTALL)
_SAID = re.compile(r"\n|answer|boxed|####", re.IGNORECASE)
_TAIL, _SHORT = 60_000, 200


def answer_text(text: str) -> str:
    """The part of a completion that answers: what follows its thought, nothing while it still thinks."""
    return strip_thinking(text) or ""


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
            return text
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
