"""Citations: does the completion name its sources, and only sources that exist?"""

import re
from typing import Any, Literal

from holdfast.errors import UsageError
from holdfast.registry import register
from holdfast.rewards.answers.text import answer_text, quoted
from holdfast.sample import Sample, Score

Style = Literal["any", "number", "author", "link"]

_NUMBER = re.compile(r"\[\^?(\d{1,4}(?:\s?[,;–-]\s?\d{1,4}){0,20})\](?!\()")
_AUTHOR = re.compile(
    r"\(([A-Z][\w'’-]{1,40}(?:(?: and| &|,) [A-Z][\w'’-]{1,40}){0,3}(?: et al\.?)?,? (?:1[5-9]|20)\d\d[a-z]?)"
)
_NAMED = re.compile(
    r"\b([A-Z][\w'’-]{1,40}(?: (?:and|&) [A-Z][\w'’-]{1,40})?(?: et al\.?)? \((?:1[5-9]|20)\d\d[a-z]?\))"
)
_LINK = re.compile(r"https?://[^\s<>\[\]()\"'`]{1,2000}")


def _check(*, minimum: int, **_: object) -> None:
    if minimum < 1:
        raise UsageError(f"option 'minimum' of reward 'citation' must be at least 1, not {minimum}")


@register("citation", version="1", needs_reference=False, check=_check, safe_options=("minimum", "style"))
def citation(sample: Sample, *, minimum: int = 1, style: Style = "any") -> Score:
    """Does the completion cite at least `minimum` different sources?

    Styles: `number` ([1], [2, 3], [^4]), `author` ((Smith, 2020), Smith et al. (2020)), `link` (URLs), or any of
    them. A reference says which sources exist: a number n allows [1] to [n], a list allows its texts or URLs; a
    citation of any other one is invented and wrong. Text after `</think>` decides. Presence is judged, not support:
    whether the source says so is a judge's work. Source: ALCE's citation format (arXiv 2305.14627).
    """
    allowed = _allowed(sample.reference)
    if allowed is None:
        return Score.unjudgeable(f"the reference must be a number or a list of sources: {sample.reference!r:.60}")
    found = _found(answer_text(sample.text), style)
    invented = [source for source in found if allowed and source not in allowed]
    if invented:
        return Score.of(False, f"cites {quoted(invented[0])}, which is not among the sources", invented[0][:200])
    enough = len(found) >= minimum
    reason = f"{len(found)} sources cited, at least {minimum} asked"
    return Score.of(enough, reason, ", ".join(found[:5])[:200] or None)


def _allowed(reference: Any) -> frozenset[str] | None:
    if reference is None:
        return frozenset()
    if isinstance(reference, int) and not isinstance(reference, bool) and reference > 0:
        return frozenset(str(number) for number in range(1, min(reference, 10_000) + 1))
    if isinstance(reference, list | tuple) and reference and all(isinstance(s, str | int) for s in reference):
        return frozenset(str(source) for source in reference)
    return None


def _found(text: str, style: Style) -> list[str]:
    """The different sources cited, in order of kind."""
    found: list[str] = []
    if style in ("any", "number"):
        for match in _NUMBER.finditer(text):
            found += _numbers(match[1])
    if style in ("any", "author"):
        found += [match[1] for rule in (_AUTHOR, _NAMED) for match in rule.finditer(text)]
    if style in ("any", "link"):
        found += [match[0].rstrip(".,;:!?*_") for match in _LINK.finditer(text)]
    return list(dict.fromkeys(found))


def _numbers(group: str) -> list[str]:
    """ "2, 5-7" is 2, 5, 6, 7."""
    found = []
    for piece in re.split(r"[,;]", group):
        ends = [int(number) for number in re.findall(r"\d+", piece)]
        found += [str(number) for number in range(ends[0], min(ends[-1], ends[0] + 99) + 1)]
    return found


EXAMPLES = {
    "citation": [
        (Sample("Paris has been the capital since 987 [1], with interruptions [2].", 3), 1.0),
        (Sample("Paris has been the capital since 987.", 3), 0.0),
    ]
}
