"""Markdown structure: headings, lists, tables and code blocks, counted line by line."""

import re
from collections.abc import Mapping

from holdfast.errors import UsageError
from holdfast.registry import register
from holdfast.sample import Sample, Score

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+\S")
_BULLET = re.compile(r"[ \t]*[*+\-][ \t]+\S")
_NUMBERED = re.compile(r"[ \t]*\d{1,9}[.)][ \t]+\S")
_RULE = re.compile(r":?-+:?")
_KINDS = ("headings", "bullets", "numbered", "tables", "code_blocks")


def _check(**minimums: int) -> None:
    for name, count in minimums.items():
        if count < 0:
            raise UsageError(f"option {name!r} of reward 'markdown_format' cannot be negative: {count}")


@register(
    "markdown_format",
    version="1",
    needs_reference=False,
    check=_check,
    safe_options=("headings", "bullets", "numbered", "tables", "code_blocks"),
)
def markdown_format(
    sample: Sample, *, headings: int = 0, bullets: int = 0, numbered: int = 0, tables: int = 0, code_blocks: int = 0
) -> Score:
    """Does the completion have the Markdown structure asked for?

    At least that many headings, bullet items, numbered items, tables and code blocks, by the options, or by the
    reference as a mapping of the same names. With nothing asked, any one of them. Code fences must be closed,
    heading levels must not skip downwards (# then ###), table rows must have as many cells as their header. `parts`
    holds each demand. Source: CommonMark 0.31 and GitHub's tables, line by line.
    """
    minimums = dict(zip(_KINDS, (headings, bullets, numbered, tables, code_blocks), strict=False))
    if isinstance(sample.reference, Mapping):
        minimums |= sample.reference
    if set(minimums) - set(_KINDS) or not all(isinstance(n, int) and n >= 0 for n in minimums.values()):
        return Score.unjudgeable(f"the reference must count some of {', '.join(_KINDS)}: {sample.reference!r:.80}")
    found, faults = _read(sample.text)
    parts: dict[str, float | None] = {name: float(found[name] >= count) for name, count in minimums.items() if count}
    faults += [
        f"{found[name]} {name}, at least {count} asked" for name, count in minimums.items() if found[name] < count
    ]
    if not any(minimums.values()) and not any(found.values()):
        faults.append("no heading, list, table or code block")
    return Score.of(not faults, "; ".join(faults[:5]) or "well structured", None, **parts)


def _read(text: str) -> tuple[dict[str, int], list[str]]:
    """How many of each kind there are, and what is badly formed."""
    found = dict.fromkeys(_KINDS, 0)
    faults: list[str] = []
    outside = _without_code(text.split("\n"), found, faults)
    level = 0
    for index, line in enumerate(outside):
        if heading := _HEADING.match(line):
            found["headings"] += 1
            if level and len(heading[1]) > level + 1:
                faults.append(f"heading level {len(heading[1])} follows level {level}")
            level = len(heading[1])
        elif _BULLET.match(line):
            found["bullets"] += 1
        elif _NUMBERED.match(line):
            found["numbered"] += 1
        elif "|" in line and index and "|" in outside[index - 1] and _is_ruler(line):
            found["tables"] += 1
            faults += _uneven(outside, index)
    return found, faults


def _without_code(lines: list[str], found: dict[str, int], faults: list[str]) -> list[str]:
    outside = []
    fence = ""
    for line in lines:
        match = _FENCE.match(line)
        if not fence and match and not (match[1][0] == "`" and "`" in match[2]):
            fence = match[1]
        elif fence and match and match[1].startswith(fence) and not match[2].strip():
            fence = ""
            found["code_blocks"] += 1
        elif not fence:
            outside.append(line)
    if fence:
        faults.append("a code fence is not closed")
    return outside


def _is_ruler(line: str) -> bool:
    """`|---|:-:|`: the line between a table's header and its rows."""
    cells = line.strip(" \t").removeprefix("|").removesuffix("|").split("|")
    return all(_RULE.fullmatch(cell.strip(" \t")) for cell in cells)


def _uneven(lines: list[str], ruler: int) -> list[str]:
    header_cells = _cells(lines[ruler - 1])
    if _cells(lines[ruler]) != header_cells:
        return [f"a table's header has {header_cells} cells, its ruler {_cells(lines[ruler])}"]
    for line in lines[ruler + 1 :]:
        if "|" not in line:
            return []
        if _cells(line) != header_cells:
            return [f"a table row has {_cells(line)} cells, its header {header_cells}"]
    return []


def _cells(line: str) -> int:
    return line.strip().strip("|").replace("\\|", "").count("|") + 1


EXAMPLES = {
    "markdown_format": [
        (Sample("# Plan\n\n- read\n- write", {"headings": 1, "bullets": 2}), 1.0),
        (Sample("Plan: read, then write.", {"headings": 1, "bullets": 2}), 0.0),
    ]
}
