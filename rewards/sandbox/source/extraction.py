"""Finding the program in a completion, by rules that look at text only: nothing of the model is parsed or run here."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.rewards.answers.thinking import strip_thinking
from holdfast.rewards.sandbox.source.fences import fenced
from holdfast.rewards.sandbox.source.languages import language_of
from holdfast.rewards.sandbox.source.raw_code import without_prose

MAX_PROGRAM = 200_000
"""Characters: a longer program is not run."""

_PREAMBLE_END = re.compile(r"^(?:async\s+)?(?:def|class)\s+(\w+)", re.M)
_DEFINED = re.compile(r"^(?:(?:async[ \t]+)?def|class)[ \t]+(\w+)|^(\w+)[ \t]*(?::[^=\n]+)?=[^=]", re.M)
_IMPORTED = re.compile(r"^(?:from[ \t]+[\w.]+[ \t]+)?import[ \t]+(.+)$", re.M)
_READS = re.compile(r"\binput\s*\(|\bstdin\b|open\(0|fileinput")
_CODE_LINE = re.compile(
    r"^(?:from\s+[\w.]+\s+import\b|import\s+\w|(?:async\s+)?def\s+\w+\s*\(|class\s+\w+\s*[:(]|@\w|#|\"\"\"|[A-Za-z_]\w*\s*=[^=])",
    re.M,
)
_TAGS = re.compile(r"^[ \t]*<(answer|code|solution|program|python)>(.*?)(?:</\1>|\Z)", re.M | re.S)


@dataclass(frozen=True, slots=True)
class Extract:
    """The program of a completion, and how it was found (for Score.reason)."""

    program: str
    origin: str
    language: str = "python"


def extract(text: str, prompt: str, names: Sequence[str] = (), language: str = "python") -> Extract | None:
    """The program of a completion; None when there is none.

    After the thought: of the fenced blocks in the language (else those without one; with an empty `language` those of
    any language that can run) the last one that defines what the tests call (`names`, the entry point first), else the
    last that is a program; blocks before it are added where they define what it uses. Without a fence the whole text,
    less the prose around. What does not define the entry point continues the prompt (HumanEval); what does gets the
    prompt's imports and helpers in front.
    """
    answer = strip_thinking(text)
    if answer is None:
        return None
    answer = answer.replace("\ufeff", "").replace("\u200b", "")
    roots = tuple(name.partition(".")[0] for name in names)
    found = _block(answer, roots, language)
    code, origin, written_in = (
        found if found is not None else (without_prose(_unfenced(_tagged(answer))), "the whole completion", "")
    )
    if not code.strip():
        return None
    if (written_in or language or "python") != "python":
        return Extract(code, origin, written_in or language)
    return _with_prompt(code, origin, prompt, roots[0] if roots else "")


def code_of_prompt(prompt: str) -> str:
    """The code in a prompt: its last Python block, else everything from the first line that looks like code on, if
    that defines something."""
    found = _block(prompt, (), "python")
    if found is None:
        first = _CODE_LINE.search(prompt)
        return _if_defining(prompt[first.start() :]) if first else ""
    return _if_defining(found[0])


def defines(code: str, name: str) -> bool:
    """Does the text define a function or class, or assign a variable, of that name at its outermost level?"""
    pattern = rf"^(?:(?:async[ \t]+)?def|class)[ \t]+{re.escape(name)}\b|^{re.escape(name)}[ \t]*(?::[^=\n]+)?="
    return re.search(pattern, code, re.M) is not None


def _if_defining(code: str) -> str:
    return code if _PREAMBLE_END.search(code) else ""


def _block(text: str, names: Sequence[str], language: str) -> tuple[str, str, str] | None:
    """Code, how it was found, its language."""
    blocks = [(language_of(tag) if tag else "", code, tag) for tag, code in fenced(text)]
    known = [(name, code) for name, code, tag in blocks if name and name == (language or name)]
    chosen = known or [("", code) for name, code, tag in blocks if not tag]
    if not language and any(name == "python" for name, _ in chosen):
        chosen = [(name, code) for name, code in chosen if name == "python"]
    if not chosen:
        return None
    codes = [code for _, code in chosen]
    index = _best(codes, names)
    title = (chosen[index][0] or "").replace("cpp", "C++").capitalize()
    origin = f"{title + ' block' if title else 'block'} {index + 1} of {len(chosen)}"
    name = chosen[index][0] or language or "python"
    code, helped = _with_helpers(codes, index) if name == "python" else (codes[index], False)
    return code, origin + (" with the blocks it uses" if helped else ""), name


def _best(codes: Sequence[str], names: Sequence[str]) -> int:
    """The last block that defines the most of the names; without names the last one that reads input, else the last
    that is no session of an interpreter."""
    if names:
        weights = [
            (2 * defines(code, names[0]) + sum(defines(code, name) for name in names), i)
            for i, code in enumerate(codes)
        ]
        if max(weights)[0]:
            return max(weights)[1]
    programs = [i for i, code in enumerate(codes) if not _is_session(code)]
    reading = [i for i in programs if _READS.search(codes[i])]
    defining = [i for i in programs if _PREAMBLE_END.search(codes[i])] if names else []
    return (reading or defining or programs or [len(codes) - 1])[-1]


def _is_session(code: str) -> bool:
    return code.lstrip().startswith((">>>", "$ ", "In [", "%"))


def _with_helpers(codes: Sequence[str], index: int) -> tuple[str, bool]:
    """The block behind those before it that define what it uses and does not define itself."""
    own = _names_defined(codes[index])
    parts = [codes[index]]
    for code in reversed(codes[:index]):
        missing = _names_defined(code) - own
        used = "\n".join(parts)
        if any(re.search(rf"(?<![\w.]){re.escape(name)}\b", used) for name in missing) and not (
            _names_defined(code) & own
        ):
            parts.insert(0, code)
            own |= missing
    return "\n".join(parts), len(parts) > 1


def _names_defined(code: str) -> set[str]:
    names = {function or variable for function, variable in _DEFINED.findall(code)}
    for line in _IMPORTED.findall(code):
        names |= {part.split(" as ")[-1].strip().partition(".")[0] for part in line.split(",")}
    return names


def _tagged(text: str) -> str:
    """What stands in the last pair of tags that hold an answer or code; the text itself where there is none."""
    found = _TAGS.findall(text)
    return str(found[-1][1]) if found else text


def _unfenced(text: str) -> str:
    """A raw completion, up to a closing fence whose opening was in the prompt; empty lines in front go, indentation
    stays."""
    return re.sub(r"\A(?:[ \t]*\n)+", "", re.split(r"^[ \t]*```", text, maxsplit=1, flags=re.M)[0])


def _with_prompt(code: str, origin: str, prompt: str, name: str) -> Extract:
    start = code_of_prompt(prompt)
    if not start or not name or not defines(start, name):
        return Extract(code, origin)
    if defines(code, name):
        preamble = _preamble(start, name)
        return Extract(f"{preamble}\n{code}" if preamble.strip() else code, origin)
    return Extract(start + code, f"{origin}, continuing the prompt")


def _preamble(prompt: str, name: str) -> str:
    """The prompt up to the entry point's definition (and its decorators)."""
    for match in _PREAMBLE_END.finditer(prompt):
        if match[1] == name:
            return re.sub(r"(?:^@[^\n]*\n)+\Z", "", prompt[: match.start()], flags=re.M)
    return prompt
