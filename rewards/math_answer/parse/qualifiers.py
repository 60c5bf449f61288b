"""What is said about the names of an answer rather than the answer: `for all positive integers n`, `k ∈ ℤ`, `only`.

The list is closed: whatever it does not hold stays part of the answer.
"""

import re
from typing import NamedTuple

_WRAPPED = re.compile(r"\\(?:text(?:rm|bf|it|normal|up)?|mathrm|mbox|hbox)\s*\{([^{}]*)\}")
_NAME = r"(?:[a-zA-Z]|\\(?:alpha|beta|gamma|lambda|mu|theta))(?:_\{?\w+\}?)?(?![a-zA-Z])"
_NAMES = rf"(?P<names>{_NAME}(?:\s*(?:,|and)\s*{_NAME})*)"
_SET = (
    r"(?:\\(?:mathbb|mathbf|mathds|mathrm|Bbb)\s*\{?\s*[NZQRC]\s*\}?|[ℕℤℚℝℂ]|\\?[NZQRC](?![a-zA-Z]))"
    r"(?:\s*[\^_]\s*(?:\{[^{}]*\}|\\?[\w+*>-]+))*(?!\s*\\(?:setminus|backslash))"
)
_ADJECTIVES = (
    r"(?:(?:an?|any|some|all|the|arbitrary|positive|negative|non-?negative|non-?zero|real|natural|whole|rational|fixed|"
    r"free|complex|odd|even)\s+)*"
)
_NOUN = r"(?P<noun>integers?|numbers?|constants?(?: of integration)?|reals?|parameters?|scalars?)"
_FOR = r"(?:for|where|with|when|if|as)"
_BEFORE = r"(?:\\q?quad|\\[ ,;:]|~|[\s,;.])*"
_CLAUSES = tuple(
    re.compile(rf"{_BEFORE}{clause}[\s.]*", re.IGNORECASE)
    for clause in (
        # (k ∈ ℤ), where k, m ∈ ℤ, for all x ∈ ℚ; "the integer k" below
        rf"(?:\(\s*(?:{_FOR}\s+)?{_NAMES}\s*(?:\\in(?![a-z])|∈|in)\s*{_SET}\s*\)"
        rf"|(?:{_FOR}\b\s*(?:{_ADJECTIVES}|each |every )(?:integers? |numbers? )?|(?<=,)\s*|(?<=;)\s*|\\q?quad\s*)"
        rf"{_NAMES.replace('names', 'names2')}\s*(?:\\in(?![a-z])|∈|in)\s*{_SET}(?!\s*(?:\\mid|\||:)))",
        # for all positive integers n, for some integer t
        rf"(?:\(?\b{_FOR}\s+(?:each |every )?|,\s*(?=any |some |every )(?:every )?)"
        rf"{_ADJECTIVES}{_NOUN}\s*{_NAMES}(?!\s*[=+*/^(])\)?",
        # for all x, for every positive n
        rf"\(?\bfor\s+(?:all|any|every|each)\s+{_ADJECTIVES}{_NAMES}\)?(?=\s*(?:$|[,.;]))",
        # where n is a positive integer, C is a constant
        rf"\(?\b(?:(?:where|with|and|for|if|when)\s+|(?<=,\s)){_NAMES}\s+(?:is|are|being|denotes?)\s+{_ADJECTIVES}{_NOUN}\)?",
        # for n ≥ 1, where x > 0
        rf"\(?\b(?:for|where|with)\s+(?:all\s+|any\s+|every\s+|each\s+)?(?:{_ADJECTIVES}(?:integers?|numbers?)\s+)?{_NAMES}\s*"
        r"(?:\\geq?slant|\\leq?slant|\\geq?|\\leq?|\\neq?|≥|≤|≠|>=|<=|!=|>|<)\s*-?\w+\)?(?=\s*(?:$|[,.;]))",
        rf",\s*{_NAME}\s*(?:\\neq?(?![a-z])|≠|!=)\s*-?\w+(?=\s*(?:$|[,.;]))",
        r"\brespectively",
    )
)  # fmt: skip
_ONLY = re.compile(r"^(?:\s|\$)*only\b\s*|[\s,]+\bonly\b(?=[\s.,;$]|$)", re.IGNORECASE)
_RELATION = re.compile(r"[<>≤≥≠]|\\(?:[gl]e|ne|[gl]t|in)(?![a-z])|\\(?:neq|[gl]eq)")
_HINT = re.compile(
    r"\\ne|≠|!=|\\in(?![a-z])|∈|\b(?:for|where|with|when|integers?|constants?|only|respectively)\b", re.IGNORECASE
)
_WHOLE = re.compile(r"integer|[ZNℤℕ]")


class Qualified(NamedTuple):
    """An answer without what qualifies it, and the names that were declared to be integers or constants."""

    text: str
    declared: frozenset[str] = frozenset()


def unqualified(text: str) -> Qualified:
    """Take the qualifiers off; the text itself where there are none, or nothing else."""
    if not _HINT.search(text):
        return Qualified(text)
    flat = _WRAPPED.sub(r" \1 ", text.replace("$", " "))
    rest, declared = flat, set[str]()
    for clause in _CLAUSES:
        rest = clause.sub(lambda match: _taken(match, declared), rest)
    rest = _ONLY.sub("", rest)
    if rest == flat or not re.search(r"\w", rest):
        return Qualified(text)
    return Qualified(rest.strip(" ,;"), frozenset(declared))


def _taken(match: re.Match[str], declared: set[str]) -> str:
    if match.start() == 0 or (
        match.group().lstrip().startswith(",") and _RELATION.search(match.string, 0, match.start())
    ):
        return match.group()  # x ∈ ℝ, x ≠ 2 is one answer
    groups = match.groupdict()
    names = groups.get("names") or groups.get("names2") or ""
    clause = match.group()
    noun = groups.get("noun") or ""
    if noun.startswith(("constant", "parameter", "integer")) or _WHOLE.search(clause.replace(names, "", 1)):
        declared.update(re.findall(_NAME, names))
    return " "
