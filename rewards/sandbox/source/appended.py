"""Tests in the program's own language that are put behind it (MultiPL-E): the program is completed, the tests are made
to say that they came to their end.

The tests run in the program's process, as those of the data set do. What they say at the end is a word that only the
sandbox knows: a program that ends before them, prints what it likes or ends with status 0 has not passed.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

_COMMENT = re.compile(r"^[ \t]*(?://|/\*)", re.M)


@dataclass(frozen=True, slots=True)
class Proof:
    """How a language's tests are made to repeat the word that they are given on standard input."""

    end: Callable[[str], str]
    """The tests, less what closes the program before them, with the repetition at their end."""
    renamed: tuple[re.Pattern[str], str]
    """The program's own entry, which would stand beside the tests' one, and what it is called instead."""


def _end_of_cpp(tests: str) -> str:
    body = tests.strip().removeprefix("}").rstrip()
    word = "std::string proof_; std::getline(std::cin, proof_); std::cout << '\\n' << proof_ << std::endl;"
    head = "#include <iostream>\n#include <string>\n#undef NDEBUG\n#include <cassert>\n"
    return f"{head}{body.removesuffix('}')}{word}\n}}\n"


def _end_of_javascript(tests: str) -> str:
    word = "require('fs').writeSync(1, '\\n' + require('fs').readFileSync(0, 'utf8'));"
    return f"{tests.strip()}\n;{word}\n"


_MAIN = (re.compile(r"\bint\s+main\s*\("), "int main_of_the_program_(")
_NO_MAIN = (re.compile(r"(?!)"), "")
PROOFS: Mapping[str, Proof] = {
    "cpp": Proof(_end_of_cpp, _MAIN),
    "javascript": Proof(_end_of_javascript, _NO_MAIN),
    "typescript": Proof(_end_of_javascript, _NO_MAIN),
}
"""Languages that such tests are judged in."""


def with_tests(code: str, language: str, tests: str, prompt: str, name: str, stops: Sequence[str]) -> str:
    """The whole program. Code that defines `name` stands for itself, behind what the prompt includes and declares;
    other code continues the prompt, up to the first of `stops`, and is closed where the tests begin by closing it."""
    proof = PROOFS[language]
    if _defines(code, name):
        program = f"{_declarations(prompt, code)}\n{code}"
    else:
        ends = [at for stop in stops if (at := code.find(stop)) >= 0]
        program = prompt + code[: min(ends, default=len(code))]
        program += "\n}" if tests.lstrip().startswith("}") else ""
    pattern, other = proof.renamed
    return f"{pattern.sub(other, program)}\n{proof.end(tests)}"


def _defines(code: str, name: str) -> bool:
    """Is there a function of that name with a body, or something assigned to it?"""
    plain = re.escape(name)
    return re.search(rf"\b{plain}\s*\([^;{{}}]*\)[^;{{}}()]*\{{|\b(?:const|let|var)\s+{plain}\b", code) is not None


def _declarations(prompt: str, code: str) -> str:
    """What stands before the prompt's first comment: what it includes, and types that the code does not declare."""
    comment = _COMMENT.search(prompt)
    head = prompt[: comment.start()] if comment else ""
    includes = [line for line in head.splitlines() if line.lstrip().startswith("#")]
    types = "\n".join(line for line in head.splitlines() if not line.lstrip().startswith("#")).strip("\n")
    names = re.findall(r"\b(?:struct|union|class|interface|type)\s+(\w+)", types)
    declared = any(re.search(rf"\b(?:struct|union|class|interface|type)\s+{name}\b", code) for name in names)
    return "\n".join([*includes, *([] if declared else [types])])
