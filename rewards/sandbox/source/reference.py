"""A reference read into a task: which tests, in which style, compared how, within which limits.

Whatever a reference says takes effect or makes it unjudgeable: a key that nobody knows is never passed over.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from holdfast.errors import suggestion
from holdfast.rewards.sandbox import formats
from holdfast.rewards.sandbox.formats.base import text_of
from holdfast.rewards.sandbox.inside.judge.outputs import RULES
from holdfast.rewards.sandbox.source import test_source
from holdfast.rewards.sandbox.source.appended import PROOFS, incomplete
from holdfast.rewards.sandbox.source.languages import LANGUAGES, language_of, written_files

STYLES = ("check", "asserts", "stdin", "function", "pytest", "appended")
_KEYS = frozenset(
    "style tests entry_point setup prelude prompt solution compare tolerance module language checker time_limit "
    "cpu_limit memory_limit output_limit isolation in_place any_class format function stops".split()
)
_CHECKER_KEYS = ("source", "kind", "language", "files", "arguments")
_CHECKER_KINDS = ("testlib", "printed")
_INCLUDES = re.compile(r"^[ \t]*#[ \t]*include\b", re.M)
_OWN_HEADERS = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<testlib\.h>)', re.M)
_METADATA = frozenset(
    "id task_id question_id problem_id name title source dataset data_source difficulty url link tags metadata meta "
    "index split level topic topics category question problem description text libs doc_struct notes note "
    "contest_id date canonical_solution completion code test test_list test_imports test_setup_code "
    "challenge_test_list reference answer complete_prompt instruct_prompt code_prompt starter_code row key hash "
    "version extra_info info".split()
)
"""Keys that describe a row and say nothing about its verdict."""


class BadReferenceError(ValueError):
    """A reference that nobody could be judged against."""


@dataclass(frozen=True, slots=True)
class CodeReference:
    """A reference that has been read."""

    style: str
    tests: Any
    """check: source; asserts: sources; stdin: `{"input", "accepted"}`; function: `{"args", "kwargs", "expected"}` or
    `any_of`; pytest: file names to texts."""
    keys: Mapping[str, Any] = field(default_factory=dict)
    """What else the reference says, in our words."""
    language: str = ""
    """Empty: the completion's fence decides, and Python where it does not."""
    roles: test_source.Roles | None = None
    sources: tuple[str, ...] = ()
    """The Python source of the tests."""

    @property
    def entry_point(self) -> str | None:
        """The function, class or method that the tests are about."""
        return self.keys.get("entry_point") or (self.roles.entry if self.roles else None)

    @property
    def names(self) -> tuple[str, ...]:
        """What the tests call of the program, the entry point first."""
        own = self.roles.program if self.roles else ()
        return tuple(dict.fromkeys([*((self.entry_point,) if self.entry_point else ()), *sorted(own)]))


def read(reference: Any, prompt: str = "") -> CodeReference:
    """The task of a reference: one of ours, a row of a published data set, a column of one, or the text of any of
    these. Raises BadReferenceError."""
    try:
        given, _ = formats.convert(_as_tests(formats.parsed(reference)))
    except formats.BadRowError as error:
        raise BadReferenceError(str(error)) from None
    if not isinstance(given, Mapping) or "tests" not in given:
        raise BadReferenceError("the reference must be a mapping with the key 'tests' or a row of a known data set")
    keys = {key: value for key, value in given.items() if value is not None}
    _refuse_unknown(keys)
    if not keys.get("tests"):
        raise BadReferenceError("the reference has no tests")
    return _task(keys, str(keys.get("prompt") or prompt))


def _as_tests(reference: Any) -> Any:
    """A bare source of tests, or a bare list of sources, is the tests."""
    if isinstance(reference, str) and reference.strip() and test_source.kind_of(reference)[0] != "nothing":
        return {"tests": reference} if any(w in reference for w in ("assert", "check", "Test", "test")) else reference
    if isinstance(reference, Sequence) and not isinstance(reference, str) and reference:
        return {"tests": list(reference)} if all(isinstance(item, str) for item in reference) else reference
    return reference


def _refuse_unknown(keys: Mapping[str, Any]) -> None:
    for key in keys:
        if key not in _KEYS and key not in _METADATA and not key.startswith("_") and key != "allow_partial":
            raise BadReferenceError(f"unknown key {key!r} in the reference{suggestion(str(key), _KEYS)}")
    if keys.get("format") and keys["format"] not in formats.FORMATS:
        near = suggestion(str(keys["format"]), formats.FORMATS)
        raise BadReferenceError(f"unknown format {keys['format']!r} in the reference{near}")


def _task(keys: dict[str, Any], prompt: str) -> CodeReference:
    style = keys.get("style") or _guess(keys["tests"])
    if style not in STYLES:
        raise BadReferenceError(f"unknown style {style!r} (available: {', '.join(STYLES)})")
    _check_shape(style, keys["tests"])
    _check_options(keys, style)
    language = language_of(str(keys.get("language") or ""))
    if keys.get("language") and language is None:
        raise BadReferenceError(f"unknown language {keys['language']!r} (available: {', '.join(LANGUAGES)})")
    if style == "appended":
        return _appended(keys, language)
    if language not in (None, "python") and style != "stdin":
        raise BadReferenceError(f"style {style!r} is Python's: {language} is judged by style 'stdin'")
    if style == "stdin":
        return CodeReference(style, [_stdin_case(case) for case in keys["tests"]], keys, language or "")
    if style == "function":
        return _with_entry(CodeReference(style, list(keys["tests"]), keys, "python"))
    return _with_entry(_python_tests(style, keys, prompt))


def _appended(keys: dict[str, Any], language: str | None) -> CodeReference:
    if language is None or language not in PROOFS:
        raise BadReferenceError(f"style 'appended' needs 'language', one of {', '.join(PROOFS)}")
    if keys.get("isolation") != "partial":
        raise BadReferenceError("tests of style 'appended' run in the program's process: say isolation='partial'")
    stops = keys.get("stops") or []
    if not _all(stops, str):
        raise BadReferenceError("'stops' must be a list of texts")
    if problem := incomplete(keys["tests"], language):
        raise BadReferenceError(problem)
    task = CodeReference("appended", keys["tests"], keys, language)
    return _with_entry(task)


def _python_tests(style: str, keys: dict[str, Any], prompt: str) -> CodeReference:
    """Tests that are Python run as what they are, whatever style they were filed under."""
    tests = keys["tests"]
    setup = str(keys.get("setup") or "")
    if isinstance(tests, Mapping):
        return _pytest_files(dict(tests), keys, prompt)
    source = tests if isinstance(tests, str) else "\n".join(text for text in tests if text.strip())
    kind, function = test_source.kind_of(source, keys.get("function"))
    if kind == "nothing" or not source.strip():
        raise BadReferenceError("the tests check nothing: no assertion, no test that runs")
    if (kind == "check" and style == "check") or (kind == "check" and keys.get("entry_point")):
        found = test_source.roles([source], setup, prompt, keys.get("entry_point"))
        return CodeReference("check", source, {**keys, "function": function}, "python", found, (source,))
    if kind == "pytest":
        return _pytest_source(source, keys, prompt)
    if style == "check":
        style = "asserts"
    parts = test_source.split_asserts(tests) if isinstance(tests, str) else [text for text in tests if text.strip()]
    found = test_source.roles(parts, setup, prompt, keys.get("entry_point"))
    return CodeReference("asserts", parts, keys, "python", found, tuple(parts))


def _pytest_files(files: dict[str, str], keys: dict[str, Any], prompt: str) -> CodeReference:
    sources = tuple(text for name, text in files.items() if name.endswith(".py"))
    if not any(test_source.kind_of(text)[0] != "nothing" for text in sources):
        raise BadReferenceError("the tests check nothing: no assertion, no test that runs")
    setup = str(keys.get("setup") or "")
    if setup:
        files = {name: f"{setup}\n{text}" if name.endswith(".py") else text for name, text in files.items()}
    found = test_source.roles(sources, setup, prompt, keys.get("entry_point"))
    return CodeReference("pytest", files, keys, "python", found, sources)


def _pytest_source(source: str, keys: dict[str, Any], prompt: str) -> CodeReference:
    """One source of pytest functions or TestCases as a file; names that it uses and nobody imports come from the
    program."""
    module, setup = str(keys.get("module") or "solution"), str(keys.get("setup") or "")
    source = test_source.without_main(source)
    preamble = "\n".join(test_source.imports_of(prompt)) if keys.get("format") == "bigcodebench" else ""
    setup = "\n".join(text for text in (preamble, setup) if text)
    found = test_source.roles([source], setup, prompt, keys.get("entry_point"))
    lines = [f"import {name}" for name in sorted(found.modules)]
    used = test_source.free_names([source, setup])
    lines += [
        f"from {module} import {name}"
        for name in sorted((found.program & used) | (used - found.helpers - found.modules))
    ]
    return CodeReference(
        "pytest", {"test_program.py": test_source.with_head(source, [*lines, setup])}, keys, "python", found, (source,)
    )


def _with_entry(task: CodeReference) -> CodeReference:
    if task.style in ("check", "function", "appended") and not task.keys.get("entry_point"):
        raise BadReferenceError(f"style {task.style!r} needs 'entry_point'")
    return task


def _stdin_case(case: Mapping[str, Any]) -> dict[str, Any]:
    """A case as text: lists are lines; `outputs` are several that are all accepted."""
    unknown = set(case) - {"input", "output", "outputs", "testtype", "type", "metadata", "fn_name", "id", "name"}
    if unknown:
        raise BadReferenceError(f"unknown key {min(unknown)!r} in a test of style 'stdin'")
    accepted = [text_of(text) for text in case["outputs"]] if "outputs" in case else [text_of(case["output"])]
    return {"input": text_of(case.get("input", "")), "accepted": accepted}


def _check_options(keys: Mapping[str, Any], style: str) -> None:
    rule = keys.get("compare")
    if rule is not None and (rule not in RULES or style != "stdin"):
        raise BadReferenceError(
            f"'compare' must be one of {', '.join(RULES)}, for style 'stdin', not {rule!r} for {style!r}"
        )
    if keys.get("checker") and style != "stdin":
        raise BadReferenceError("a 'checker' judges what a program prints: it needs style 'stdin'")
    if keys.get("checker"):
        _check_checker(keys["checker"])
    for key in ("time_limit", "cpu_limit", "memory_limit", "output_limit"):
        value = keys.get(key)
        if value is not None and (not isinstance(value, int | float) or isinstance(value, bool) or value <= 0):
            raise BadReferenceError(f"{key!r} must be a number above 0, not {value!r}")


def checker_language(given: Mapping[str, Any]) -> str:
    """What a checker is written in: as it says, else C++ where it includes a header, else Python. Raises
    BadReferenceError."""
    named = given.get("language")
    if named is None:
        return "cpp" if _INCLUDES.search(str(given["source"])) else "python"
    found = language_of(str(named))
    if found is None:
        raise BadReferenceError(f"unknown language {named!r} of the checker (available: {', '.join(LANGUAGES)})")
    return found


def _check_checker(given: Any) -> None:
    """Raises BadReferenceError for a checker that nobody could run."""
    if isinstance(given, str):
        if _INCLUDES.search(given):
            raise BadReferenceError("a bare 'checker' is Python: write {'source': ..., 'language': 'cpp'}")
        return
    if not isinstance(given, Mapping) or not isinstance(given.get("source"), str):
        raise BadReferenceError("a 'checker' is a source, or a mapping with the key 'source'")
    for key in given:
        if key not in _CHECKER_KEYS:
            raise BadReferenceError(f"unknown key {key!r} in the checker{suggestion(str(key), _CHECKER_KEYS)}")
    if given.get("kind", "testlib") not in _CHECKER_KINDS:
        raise BadReferenceError(
            f"'kind' of a checker must be one of {', '.join(_CHECKER_KINDS)}, not {given['kind']!r}"
        )
    arguments = given.get("arguments")
    if arguments is not None and (not _all(arguments, str) or set(arguments) - {"input", "output", "answer"}):
        raise BadReferenceError("'arguments' of a checker are some of input, output, answer")
    files = given.get("files") or {}
    if not isinstance(files, Mapping) or not all(isinstance(t, str) and "/" not in str(n) for n, t in files.items()):
        raise BadReferenceError("'files' of a checker are names and their texts")
    if files and checker_language(given) == "python":
        raise BadReferenceError("'files' of a checker are what it is built with: a Python checker is one source")
    if files and (taken := written_files(checker_language(given), given["source"]) & set(files)):
        raise BadReferenceError(f"the checker itself is written to {min(taken)!r}: its 'files' cannot hold that name")
    headers = (
        [name or "testlib.h" for name in _OWN_HEADERS.findall(given["source"])]
        if checker_language(given) in ("c", "cpp")
        else []
    )
    if missing := [name for name in headers if name not in files]:
        raise BadReferenceError(f"the checker includes {missing[0]}: give its text as files={{{missing[0]!r}: ...}}")


def _guess(tests: Any) -> str:
    if isinstance(tests, Mapping):
        return "pytest"
    if isinstance(tests, str):
        return "check"
    first = tests[0] if isinstance(tests, Sequence) and tests else None
    if isinstance(first, Mapping):
        return "stdin" if "output" in first or "outputs" in first else "function"
    return "asserts"


def _check_shape(style: str, tests: Any) -> None:
    right = {
        "check": isinstance(tests, str) or _all(tests, str),
        "asserts": isinstance(tests, str) or _all(tests, str),
        "stdin": _all(tests, Mapping) and all("output" in case or "outputs" in case for case in tests),
        "function": _all(tests, Mapping) and all("expected" in case or "any_of" in case for case in tests),
        "appended": isinstance(tests, str),
        "pytest": isinstance(tests, str) or (isinstance(tests, Mapping) and _all(list(tests.values()), str)),
    }[style]
    if not right:
        raise BadReferenceError(f"tests of style {style!r} have another shape")


def _all(tests: Any, kind: type) -> bool:
    return isinstance(tests, Sequence) and not isinstance(tests, str) and all(isinstance(t, kind) for t in tests)
