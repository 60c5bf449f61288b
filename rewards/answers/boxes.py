r"""What stands in the boxes of a text: `\boxed{…}` and its slips, in one pass however they are nested."""

import re

from holdfast.rewards.answers.words.hedges import denied_behind, denied_directly, may_deny

_MOST = 64
_WORD = r"(?:(?:begin\s?)?[bB]oxed|fbox|framebox)"
_NAMES = ("boxed", "Boxed", "fbox", "framebox")
_BRACES = re.compile(rf"((?:\\{{1,2}}|(?<![a-zA-Z\\])){_WORD}\s{{0,20}}\{{)|\\[^a-zA-Z]|[{{}}]")
_FIRST = re.compile(rf"(?:\\{{1,2}}|(?<![a-zA-Z\\])){_WORD}")
_BARE = re.compile(rf"\\{{1,2}}{_WORD}(?:\s+|\()(-?\\?[$]?(?:\d[^\s{{}}$\\]{{0,60}}|[a-zA-Z]))(?=[\s).,;$]|\Z)")
_ENVIRONMENT = re.compile(r"\\begin\s?\{boxed\}(.{1,2000}?)\\end\s?\{boxed\}", re.DOTALL)
_SUBSTANCE = re.compile(r"\d|(?<![\\a-z])[a-z](?![a-z])")
_FINAL = re.compile(r"(?i)final\s+answer")
_NEAR = 60


def boxes(text: str) -> tuple[str, ...] | None:
    """The contents of the outermost boxes, the empty ones too; those after the last "final answer" if there are any.

    None without a box. A box that the words around it deny ("It is not \\boxed{7}") is as good as empty.
    """
    if r"\begin" in text and "boxed" in text:
        text = _ENVIRONMENT.sub(r"\\boxed{\1}", text)
    first = _FIRST.search(text)
    if first is None:
        return None
    found = _outermost(text, first.start())
    found = found or [(bare.start(1), bare[1]) for bare in _BARE.finditer(text)]
    found = [inner for box in found for inner in _nested(*box)]
    found = [(at, "" if is_denied(text, at, inside) else inside) for at, inside in found[-_MOST:]]
    return _decisive(text, found) if found else None


def box_count(text: str) -> int:
    """At most how many boxes a text holds: `boxes` are none."""
    return sum(map(text.count, _NAMES)) if "box" in text or "Box" in text else 0


def is_denied(text: str, at: int, inside: str) -> bool:
    """Do the words around a box, whose content begins at `at`, deny it (`not \\boxed{7}`, `\\boxed{7} is wrong`)?"""
    before = text[max(0, at - _NEAR) : at]
    if not may_deny(before + text[at + len(inside) : at + len(inside) + _NEAR]):
        return False
    opening = max(before.rfind("\\"), before.rfind("boxed"), before.rfind("fbox"))
    before = re.split(r"[.!?;\n](?:\s|$)", before[: before.rfind("\\", 0, opening + 1)] if "\\" in before else "")[-1]
    return denied_directly(before) or denied_behind(text[at + len(inside) : at + len(inside) + _NEAR])


def _outermost(text: str, start: int) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    opened: list[int] = []
    starts: list[int] = []
    for mark in _BRACES.finditer(text, start):
        if mark[1]:
            starts.append(len(opened))
            opened.append(mark.end())
        elif mark[0] == "{" and starts:
            opened.append(mark.end())
        elif mark[0] == "}" and opened:
            begin = opened.pop()
            if starts and starts[-1] == len(opened):
                starts.pop()
                if not starts:
                    found.append((begin, text[begin : mark.start()]))
    return found


def _nested(at: int, inside: str) -> list[tuple[int, str]]:
    """The boxes that a box of nothing but boxes holds; the box itself where it holds anything else."""
    if "boxed" not in inside:
        return [(at, inside)]
    inner = _outermost(inside, 0)
    rest = inside
    for _, part in inner:
        rest = rest.replace(part, "", 1)
    return (
        [(at + start, part) for start, part in inner]
        if len(inner) > 1 and not _SUBSTANCE.search(rest)
        else [(at, inside)]
    )


def _decisive(text: str, found: list[tuple[int, str]]) -> tuple[str, ...]:
    filled = [(at, inside) for at, inside in found if inside.strip()]
    if len(filled) > 1:
        marks = list(_FINAL.finditer(text))
        after = [pair for pair in filled if marks and pair[0] > marks[-1].end()]
        filled = after or filled
    return tuple(inside for _, inside in filled)
