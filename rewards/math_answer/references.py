"""A reference of mathematics is data, not prose: it is read whole, or not at all.

An answer parses whole once the qualifiers of a closed list are off; a worked solution (boxes, `####`, a stated answer)
is read for that answer, which must parse whole; a plain text compares as text. Anything else cannot be judged against:
the last number of unmarked prose would be a guess.
"""

import re
from functools import lru_cache

from holdfast.rewards.answers.boxes import boxes
from holdfast.rewards.answers.places import stated
from holdfast.rewards.answers.statements import is_prose, without_remark
from holdfast.rewards.math_answer.parse.reading import read
from holdfast.rewards.math_answer.parse.tree import MAX_CHARS

_PROPERTY = re.compile(
    r"^\s*(?:it is |f is |the function is )?(?:strictly )?(?:concave (?:up|down)(?:ward)?|convex|increasing|decreasing|"
    r"continuous|defined|positive|negative)(?:ly)? (?:on|for|in|when)(?: the intervals?)?\s+",
    re.IGNORECASE,
)
_MATHS = re.compile(r"[\d\\^=<>+_{}$]")
_NUMBERED = re.compile(r"[A-Z][a-z]+ \d{1,3}")
"""`Vendor 2` is a name."""
_MOST_WORDS = 40


class BadReferenceError(ValueError):
    """The reference cannot be read: nobody can be judged against it."""


@lru_cache(maxsize=2048)
def reference_parts(reference: str) -> tuple[str, ...]:
    """The answer that a reference gives; the contents of its boxes when they are several. Raises BadReferenceError."""
    text = reference.strip()
    if not text:
        raise BadReferenceError("the reference is empty")
    parts = tuple(_checked(part) for part in _parts(text) if read(part).key)
    if not parts:
        raise BadReferenceError(f"the reference {text!r:.80} is not well-formed")
    return tuple({read(part).key: part for part in parts}.values())


def _parts(text: str) -> tuple[str, ...]:
    if "box" in text and (found := boxes(text)):
        return found
    if "####" in text:
        return (text.rpartition("####")[2].strip().partition("\n")[0],)
    if found := stated(text):
        return found
    if _is_answer(text):
        return (text,)
    for shorter in (without_remark(text), _PROPERTY.sub("", text)):
        if shorter != text and _is_answer(shorter):
            return (shorter,)
    raise BadReferenceError(f"the reference {text!r:.80} is neither an answer nor a worked solution that states one")


def _is_answer(text: str) -> bool:
    """Does it parse whole, or is it a plain text?"""
    if len(text) > MAX_CHARS:
        raise BadReferenceError(f"the reference has more than {MAX_CHARS} characters")
    reading = read(text)
    if reading.node is not None or reading.choice:
        return True
    if _NUMBERED.fullmatch(text):
        return True
    text = text.strip("$ ")
    if _NUMBERED.fullmatch(text):
        return True
    return not _MATHS.search(text) and len(text.split()) <= _MOST_WORDS and bool(re.search(r"\w", text))


def _checked(part: str) -> str:
    if len(part) > MAX_CHARS:
        raise BadReferenceError(f"the reference has more than {MAX_CHARS} characters")
    plain = part.replace(r"\{", "").replace(r"\}", "")
    if plain.count("{") != plain.count("}") or not _is_answer(part):
        if not is_prose(part) or not _is_answer(without_remark(part)):
            raise BadReferenceError(f"the reference {part!r:.80} does not parse whole")
        return without_remark(part)
    return part
