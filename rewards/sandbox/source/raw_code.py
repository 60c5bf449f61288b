"""Code that stands in a text without a fence: what of it is prose."""

import re

_KEYWORDS = frozenset(
    "False None True and as assert async await break class continue def del elif else except finally for from global "
    "if import in is lambda nonlocal not or pass raise return try while with yield print match case type".split()
)
_SENTENCE = re.compile(r"""[A-Za-z][\w'’-]*,?(?:[ ]+[`"'(]?[\w'’/-]+[`"')]?[,;.]?)+[ ]?[.:!?]?(?: ?\.\.\.)?""")
_START = re.compile(
    r"^(?:from\s+[\w.]+\s+import\b|import\s+\w|(?:async\s+)?def\s+\w+\s*\(|class\s+\w+\s*[:(]|@\w)", re.M
)


def without_prose(text: str) -> str:
    """The text from its first definition or import on, where sentences stand in front, and up to the first sentence
    behind it. Only whole lines at the left edge that read as a sentence are prose; inside `\"\"\"` nothing is."""
    lines = text.splitlines(keepends=True)
    first = next((i for i, line in enumerate(lines) if line.strip()), None)
    start = 0
    if first is not None and _is_prose(lines[first]):
        begun = next((i for i, line in enumerate(lines) if _START.match(line)), None)
        if begun is None:
            # Without a definition: from the first line that is no sentence on (contest programs begin with anything).
            begun = next((i for i, line in enumerate(lines) if line.strip() and not _is_prose(line)), None)
        if begun is None:
            return text
        start = begun
    quoted = False
    for number in range(start, len(lines)):
        line = lines[number]
        if not quoted and number > start and _is_prose(line) and any(map(_START.match, lines[start:number])):
            return "".join(lines[start:number])
        quoted ^= (line.count('"""') + line.count("'''")) % 2 == 1
    return "".join(lines[start : len(lines) if quoted else _end(lines, start)])


def _end(lines: list[str], start: int) -> int:
    """Where code ends that only paragraphs of sentences follow, an empty line between."""
    last = next((i for i in range(len(lines) - 1, start - 1, -1) if lines[i].strip() and not _is_prose(lines[i])), None)
    if last is None or last + 1 >= len(lines) or lines[last + 1].strip():
        return len(lines)
    return last + 1


def _is_prose(line: str) -> bool:
    text = line.rstrip()
    if not text or line[:1] in " \t#@" or text.split()[0].rstrip(",:") in _KEYWORDS:
        return False
    return len(text) <= 2000 and _SENTENCE.fullmatch(text) is not None
