"""Tests in the program's own language that are put behind it (MultiPL-E): the program is completed, the tests are made
to say that they came to their end.

The tests run in the program's process, as those of the data set do. What they say at the end is a word that stands on
standard input, made for each run: a program that ends before them with status 0, or prints what it likes, has not
passed. One that reads the word itself and repeats it has: this is partial isolation.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_FAILING = re.compile(r"assert|expect|throw|exit|abort|panic|fail", re.I)
_COMMENT = re.compile(r"^[ \t]*(?://|/\*)", re.M)
_TYPE = r"\b(?:struct|union|class|interface|type|enum)\s+"


@dataclass(frozen=True, slots=True)
class Proof:
    """How a language's tests are made to repeat the word that they are given on standard input."""

    word: str
    """The statement that repeats it."""
    braces: int
    """Closing braces at the end of the tests that the statement stands before."""
    head: str = ""
    """What the statement needs, before the tests."""
    main: str = "(?!)"
    """The program's own entry, which would stand beside the tests' one (a pattern)."""
    other: str = ""
    """What it is called instead."""
    inside: bool = False
    """The tests are members of the program's class."""
    entry: str = ""
    """Where the tests begin to run (a pattern)."""


_MAIN, _OTHER = r"\bint\s+main\s*\(", "int main_of_the_program_("
_ASSERTING = "#undef NDEBUG\n"
_SCRIPT = Proof("require('fs').writeSync(1, '\\n' + require('fs').readFileSync(0, 'utf8'));", 0)
PROOFS: Mapping[str, Proof] = {
    "cpp": Proof(
        "std::string proof_; std::getline(std::cin, proof_); std::cout << '\\n' << proof_ << std::endl;",
        1,
        f"#include <iostream>\n#include <string>\n{_ASSERTING}#include <cassert>\n",
        _MAIN,
        _OTHER,
        entry=_MAIN,
    ),
    "c": Proof(
        'char proof_[64]; if (fgets(proof_, 64, stdin)) { fputs("\\n", stdout); fputs(proof_, stdout); }',
        1,
        f"#include <stdio.h>\n{_ASSERTING}#include <assert.h>\n",
        _MAIN,
        _OTHER,
        entry=_MAIN,
    ),
    "java": Proof(
        'System.out.print("\\n" + new java.util.Scanner(System.in).nextLine());',
        2,
        main=r"\bpublic\s+static\s+void\s+main\s*\(",
        other="public static void mainOfTheProgram_(",
        inside=True,
        entry=r"\bvoid\s+main\s*\(",
    ),
    "rust": Proof(
        'let mut proof_ = String::new(); std::io::stdin().read_line(&mut proof_).unwrap(); println!("\\n{}", proof_);',
        1,
        main=r"\bfn\s+main\s*\(",
        other="fn main_of_the_program_(",
        entry=r"\bfn\s+main\s*\(",
    ),
    "javascript": _SCRIPT,
    "typescript": _SCRIPT,
}
"""Languages that such tests are judged in."""


def incomplete(tests: str, language: str) -> str:
    """Why tests cannot say that they came to their end, or cannot fail; "" where they can."""
    proof = PROOFS[language]
    if not re.search(proof.entry, tests):
        return "tests of style 'appended' need the 'main' that runs them"
    if not re.search(rf"(?:\}}\s*){{{proof.braces}}}\Z", tests.strip().removeprefix("}")):
        return f"tests of style 'appended' break off: {proof.braces} closing braces belong at their end"
    return (
        "" if _FAILING.search(tests) else "tests of style 'appended' that assert nothing would pass whatever is written"
    )


def with_tests(code: str, language: str, tests: str, prompt: str, name: str, stops: Sequence[str]) -> str:
    """The whole program. Code that defines `name` stands for itself, behind what the prompt includes and declares;
    other code continues the prompt, up to the first of `stops`, and is closed where the tests begin by closing it."""
    proof = PROOFS[language]
    if _defines(code, name):
        head, own_class = _declarations(prompt, code)
        inner = code.rstrip().removesuffix("}") if proof.inside and own_class else code
        program = f"{head}\n{inner}"
    else:
        ends = [at for stop in stops if (at := code.find(stop)) >= 0]
        program = prompt + code[: min(ends, default=len(code))]
        program += "\n}" if tests.lstrip().startswith("}") else ""
    return f"{re.sub(proof.main, proof.other, program)}\n{proof.head}{_proving(tests, proof)}"


def _proving(tests: str, proof: Proof) -> str:
    """The tests, less the brace that closes the program before them, with the repetition at their end."""
    body, behind = tests.strip().removeprefix("}").rstrip(), ""
    for _ in range(proof.braces):
        body, brace, rest = body.rpartition("}")
        behind = f"{brace}{rest}{behind}"
    return f"{body}\n;{proof.word}\n{behind}\n"


def _defines(code: str, name: str) -> bool:
    """Is there a function of that name with a body, or something assigned to it?"""
    plain = re.escape(name)
    body = rf"\b{plain}\s*(?:<[^>{{}}]*>\s*)?\([^;{{}}]*\)[^;{{}}()]*\{{"
    return re.search(rf"{body}|\b(?:const|let|var)\s+{plain}\b", code) is not None


def _declarations(prompt: str, code: str) -> tuple[str, bool]:
    """What stands before the prompt's first comment: what it includes, and types that the code does not declare; and
    whether the code declares them."""
    comment = _COMMENT.search(prompt)
    lines = prompt[: comment.start()].splitlines() if comment else []
    includes = [line for line in lines if line.lstrip().startswith(("#", "import ", "use ", "using "))]
    types = "\n".join(line for line in lines if line not in includes).strip("\n")
    names = re.findall(rf"{_TYPE}(\w+)", types)
    declared = any(re.search(rf"{_TYPE}{name}\b", code) for name in names)
    return "\n".join([*includes, *([] if declared else [types])]), declared
