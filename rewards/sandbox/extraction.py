"""Finding the program in a completion, by rules that look at text only: nothing of the model is parsed or run here."""

import re
from dataclasses import dataclass

MAX_PROGRAM = 200_000
"""Characters: a longer program is not run."""

_PYTHON = ("python", "py", "python3")
_PREAMBLE_END = re.compile(r"^(?:async\s+)?(?:def|class)\s+(\w+)", re.M)

_CODE_LINE = re.compile(
    r"^(?:from\s+[\w.]+\s+import\b|import\s+\w|(?:async\s+)?def\s+\w+\s*\(|class\s+\w+\s*[:(]|@\w|#|\"\"\"|[A-Za-z_]\w*\s*=[^=])",
    re.M,
)


@dataclass(frozen=True, slots=True)
class Extract:
    """The program of a completion, and how it was found (for Score.reason)."""

    program: str
    how: str


def extract(text: str, prompt: str, entry_point: str | None) -> Extract | None:
    """The program of a completion; None when there is none.

    After the last `</think>`: of the fenced blocks in Python (else those without a language) the last one that
    defines the entry point, else the last; without a fence the whole text. What does not define the entry point
    itself continues the prompt (HumanEval); what does gets the prompt's imports and helpers in front.
    """
    answer = _after_thinking(text)
    if answer is None:
        return None
    name = (entry_point or "").partition(".")[0]
    found = _block(answer, name)
    code, how = found if found is not None else (_unfenced(answer), "the whole completion")
    if not code.strip():
        return None
    return _with_prompt(code, how, prompt, name)


def code_of_prompt(prompt: str) -> str:
    """The code in a prompt: its last Python block, else everything from the first line that looks like code on, if
    that defines something."""
    found = _block(prompt, "")
    if found is None:
        first = _CODE_LINE.search(prompt)
        found = (prompt[first.start() :], "") if first else None
    return found[0] if found is not None and _PREAMBLE_END.search(found[0]) else ""


def defines(code: str, name: str) -> bool:
    """Does the text define a function or class, or assign a variable, of that name at its outermost level?"""
    pattern = rf"^(?:(?:async[ \t]+)?def|class)[ \t]+{re.escape(name)}\b|^{re.escape(name)}[ \t]*(?::[^=\n]+)?="
    return re.search(pattern, code, re.M) is not None


def _after_thinking(text: str) -> str | None:
    """What follows the last </think>; None when thinking never ended."""
    _, mark, tail = text.rpartition("</think>")
    if mark:
        return tail
    return None if re.match(r"\s*<think>", text) else tail


def _block(text: str, name: str) -> tuple[str, str] | None:
    blocks = _fenced(text)
    python = [code for language, code in blocks if language in _PYTHON]
    candidates = python or [code for language, code in blocks if language == ""]
    if not candidates:
        return None
    kind = "Python block" if python else "block"
    which = [i for i, code in enumerate(candidates) if name and defines(code, name)]
    index = which[-1] if which else len(candidates) - 1
    return candidates[index], f"{kind} {index + 1} of {len(candidates)}"


def _fenced(text: str) -> list[tuple[str, str]]:
    """(language, code) of each fenced block, line by line: linear in the text, whatever it is."""
    found: list[tuple[str, str]] = []
    fence, language, block, before = "", "", list[str](), False
    for line in text.splitlines(keepends=True):
        mark = _mark(line)
        if fence and mark[:1] == fence[:1] and len(mark) >= len(fence) and line.strip() == mark:
            found.append((language, "".join(block)))
            fence, before = "", True
        elif fence:
            block.append(line)
        elif mark:
            words = line.strip()[len(mark) :].split(None, 1)
            fence, language, block = mark, words[0].lower() if words else "", []
        else:
            before = before or bool(line.strip())
    # An unpaired bare fence closes a block that the prompt opened; another one was cut off.
    if fence and (language or not before):
        found.append((language, "".join(block)))
    return found


def _mark(line: str) -> str:
    """The fence that a line begins with: three or more backticks or tildes."""
    text = line.strip()
    if not text.startswith(("```", "~~~")):
        return ""
    return text[: len(text) - len(text.lstrip(text[0]))]


def _unfenced(text: str) -> str:
    """A raw completion, up to a closing fence whose opening was in the prompt; empty lines in front go, indentation
    stays."""
    return re.sub(r"\A(?:[ \t]*\n)+", "", re.split(r"^[ \t]*```", text, maxsplit=1, flags=re.M)[0])


def _with_prompt(code: str, how: str, prompt: str, name: str) -> Extract:
    start = code_of_prompt(prompt)
    if not start or not name or not defines(start, name):
        return Extract(code, how)
    if defines(code, name):
        preamble = _preamble(start, name)
        return Extract(f"{preamble}\n{code}" if preamble.strip() else code, how)
    return Extract(start + code, f"{how}, continuing the prompt")


def _preamble(prompt: str, name: str) -> str:
    """The prompt up to the entry point's definition (and its decorators)."""
    for match in _PREAMBLE_END.finditer(prompt):
        if match[1] == name:
            return re.sub(r"(?:^@[^\n]*\n)+\Z", "", prompt[: match.start()], flags=re.M)
    return prompt
