"""A regular expression of the operator's against the model's text, in bounded time.

The pattern is trusted, the text is not: `(a+)+$` on a long run of a's would hang Python's `re` for ever. The
`regex` library checks a time limit inside the match and runs it in any thread.
"""

from functools import lru_cache
from typing import Any, Literal

from holdfast.errors import UsageError
from holdfast.registry import register
from holdfast.rewards.answers.text import quoted
from holdfast.sample import Sample, Score

Where = Literal["search", "start", "whole"]


def _check(*, pattern: str, timeout: float, compare: bool, **_flags: Any) -> None:
    if timeout <= 0:
        raise UsageError(f"option 'timeout' of reward 'regex' must be positive seconds, not {timeout!r}")
    if compare and not pattern:
        raise UsageError("option 'compare' of reward 'regex' needs the option 'pattern'")
    fault = pattern_fault(pattern)
    if fault:
        raise UsageError(f"option 'pattern' of reward 'regex' is not a regular expression: {fault}")


@register(
    "regex",
    version="1",
    needs_reference=False,
    check=_check,
    safe_options=("pattern", "where", "present", "compare", "ignore_case", "dotall"),
)
def regex(
    sample: Sample,
    *,
    pattern: str = "",
    where: Where = "search",
    present: bool = True,
    compare: bool = False,
    ignore_case: bool = False,
    dotall: bool = False,
    timeout: float = 1.0,
) -> Score:
    """Does the completion match a regular expression?

    The pattern is the option or else the reference. `where`: anywhere (`search`), at the `start`, or the `whole`
    text. `present=False` demands that it does not match. `compare` demands that the last match's first group (or
    the whole match) equals the reference. A match that takes longer than `timeout` seconds scores 0.0
    with outcome `timeout`. Unjudgeable without a valid pattern. Syntax: the `regex` library's, a superset of `re`.
    """
    source = pattern or sample.reference
    if not isinstance(source, str) or not source or (not pattern and pattern_fault(source)):
        return Score.unjudgeable(f"no valid pattern: {source!r:.80}")
    if compare and not isinstance(sample.reference, str | int | float):
        return Score.unjudgeable(f"nothing to compare the match with: {sample.reference!r:.80}")
    try:
        found = _find(compiled(source, ignore_case, dotall), sample.text, where, timeout)
    except TimeoutError:
        return Score.timeout(f"matching {quoted(source)} took longer than {timeout} s")
    if compare and found is not None:
        equal = found == str(sample.reference)
        return Score.of(equal, f"matched {quoted(found)}", found[:200])
    reason = f"{quoted(source)} {'matches' if found is not None else 'does not match'}"
    return Score.of((found is not None) == present, reason, found[:200] if found is not None else None)


def _find(rule: Any, text: str, where: Where, timeout: float) -> str | None:
    if where == "search":
        match = None
        for match in rule.finditer(text, timeout=timeout, concurrent=True):  # noqa: B007 - the last one counts
            pass
    else:
        apply = rule.match if where == "start" else rule.fullmatch
        match = apply(text, timeout=timeout, concurrent=True)
    if match is None:
        return None
    return (match[1] or "") if rule.groups else str(match[0])


@lru_cache(maxsize=256)
def compiled(pattern: str, ignore_case: bool = False, dotall: bool = False) -> Any:
    """The compiled pattern of the `regex` library (a pure cache: it changes no verdict)."""
    import regex as engine

    flags = (engine.IGNORECASE if ignore_case else 0) | (engine.DOTALL if dotall else 0)
    return engine.compile(pattern, flags | engine.VERSION0)


def pattern_fault(pattern: str) -> str:
    """Why the pattern does not compile, or ""."""
    import regex as engine

    try:
        compiled(pattern)
    except (engine.error, RecursionError) as error:
        return str(error)
    return ""


EXAMPLES = {
    "regex": [
        (Sample("Total: 1,024 bytes", r"Total: [\d,]+ bytes"), 1.0),
        (Sample("I do not know.", r"Total: [\d,]+ bytes"), 0.0),
    ]
}
