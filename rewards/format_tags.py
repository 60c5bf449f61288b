"""Tagged output: `<think>…</think><answer>…</answer>`, in order, once each, nothing outside.

The format reward of DeepSeek-R1 (arXiv 2501.12948, section 2.2.2). Trap: many chat templates already write the
opening tag, so the completion starts inside it.
"""

from collections.abc import Sequence
from typing import Literal

from holdfast.errors import UsageError
from holdfast.registry import register
from holdfast.sample import Sample, Score


def _check(*, tags: Sequence[str], **_: object) -> None:
    if isinstance(tags, str) or not tags or not all(isinstance(t, str) and t.isidentifier() for t in tags):
        raise UsageError(f"option 'tags' of reward 'format_tags' must be a list of tag names, not {tags!r}")
    if len(set(tags)) != len(tags):
        raise UsageError(f"option 'tags' of reward 'format_tags' names a tag twice: {list(tags)}")


@register(
    "format_tags", version="1", needs_reference=False, check=_check, safe_options=("tags", "templated", "outside")
)
def format_tags(
    sample: Sample,
    *,
    tags: Sequence[str] = ("think", "answer"),
    templated: bool = True,
    outside: Literal["forbidden", "after"] = "forbidden",
) -> Score:
    """Is the completion made of the given tags: in order, each once, non-empty, and nothing outside?

    `templated` accepts a completion whose first opening tag was written by the chat template. `outside="after"`
    demands text after the last closing tag (the R1 style `<think>…</think> answer` with `tags=["think"]`).
    No reference. `parts` holds one 0/1 for each tag and one for `outside`. Source: arXiv 2501.12948, 2.2.2.
    """
    text = _with_opening(sample.text, tags[0]) if templated else sample.text
    faults: dict[str, str] = {}
    rest = 0
    inner: dict[str, str] = {}
    outer: list[str] = []
    for tag in tags:
        fault, start, end = _locate(text, tag, rest)
        if fault:
            faults[tag] = fault
            continue
        inner[tag] = text[start + len(tag) + 2 : end]
        if not inner[tag].strip():
            faults[tag] = f"<{tag}> is empty"
        outer.append(text[rest:start])
        rest = end + len(tag) + 3
    faults |= _outside(outer, text[rest:], outside) if not faults else {}
    parts = {name: float(name not in faults) for name in (*tags, "outside")}
    if faults:
        parts["outside"] = float("outside" not in faults and rest > 0)
    reason = "; ".join(faults.values()) or "well formed"
    answer = inner.get(tags[-1], "").strip()[:200]
    return Score.of(not faults, reason, answer or None, **parts)


def _with_opening(text: str, tag: str) -> str:
    opening, closing = f"<{tag}>", f"</{tag}>"
    before, closed, _ = text.partition(closing)
    return opening + text if closed and opening not in before else text


def _locate(text: str, tag: str, start: int) -> tuple[str, int, int]:
    """What is wrong with the tag (or ""), where it opens, where it closes."""
    opening, closing = f"<{tag}>", f"</{tag}>"
    opened, closed = text.count(opening), text.count(closing)
    if opened != 1 or closed != 1:
        missing = [name for name, count in ((opening, opened), (closing, closed)) if count == 0]
        return (f"{' and '.join(missing)} missing" if missing else f"{opening} more than once"), 0, 0
    begin, end = text.index(opening), text.index(closing)
    if end < begin:
        return f"{closing} comes before {opening}", 0, 0
    if begin < start:
        return f"{opening} is out of order", 0, 0
    return "", begin, end


def _outside(gaps: Sequence[str], tail: str, outside: str) -> dict[str, str]:
    if any(gap.strip() for gap in gaps):
        return {"outside": "text before or between the tags"}
    if outside == "forbidden" and tail.strip():
        return {"outside": "text after the last tag"}
    if outside == "after" and not tail.strip():
        return {"outside": "no answer after the last tag"}
    return {}


EXAMPLES = {
    "format_tags": [
        (Sample("<think>7 times 6 is 42.</think>\n<answer>42</answer>"), 1.0),
        (Sample("<answer>42</answer> <think>7 times 6 is 42.</think>"), 0.0),
    ]
}
