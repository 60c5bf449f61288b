"""Markdown's fenced blocks, line by line: linear in the text, whatever it is."""


def fenced(text: str) -> list[tuple[str, str]]:
    """(what follows the opening fence, in lower case; code) of each fenced block."""
    found: list[tuple[str, str]] = []
    fence, language, block, before, margin = "", "", list[str](), False, 0
    for line in text.splitlines(keepends=True):
        mark = _mark(line)
        if fence and mark[:1] == fence[:1] and len(mark) >= len(fence) and line.strip() == mark:
            found.append((language, "".join(block)))
            fence, before = "", True
        elif fence:
            block.append(_without_margin(line, margin))
        elif mark:
            words = line.strip()[len(mark) :].split(None, 1)
            fence, language, block = mark, words[0].lower() if words else "", []
            margin = len(line) - len(line.lstrip(" \t"))
        else:
            before = before or bool(line.strip())
    # An unpaired bare fence closes a block that the prompt opened; another one was cut off.
    if fence and (language or not before):
        found.append((language, "".join(block)))
    return found


def _without_margin(line: str, margin: int) -> str:
    """The line without the indentation of its fence, as far as it has it (a block in a list item)."""
    indentation = len(line) - len(line.lstrip(" \t"))
    return line[min(margin, indentation) :]


def _mark(line: str) -> str:
    """The fence that a line begins with: three or more backticks or tildes."""
    text = line.strip()
    if not text.startswith(("```", "~~~")):
        return ""
    return text[: len(text) - len(text.lstrip(text[0]))]
