"""CodeContests, open-r1's Codeforces and LiveCodeBench: whole rows with limits, checkers and hidden tests."""

import base64
import binascii
import json
import pickletools
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.rewards.sandbox.formats.base import (
    BadRowError,
    Format,
    has,
    parsed,
    seconds_of,
    stdin_cases,
    with_solution,
)
from holdfast.rewards.sandbox.formats.cases import from_cases

_MAX_TESTS = 256 * 2**20
_TEXT_OPCODES = frozenset(
    ("PROTO", "FRAME", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "MEMOIZE", "BINPUT", "STOP")
)
_PYTHON3 = 3
"""CodeContests' number for Python 3 among the languages of its solutions."""


def _code_contests(row: Mapping[str, Any]) -> dict[str, Any]:
    inputs: list[Any] = []
    outputs: list[Any] = []
    for part in ("public_tests", "private_tests", "generated_tests"):
        tests = row.get(part) or {}
        inputs += tests.get("input") or []
        outputs += tests.get("output") or []
    reference: dict[str, Any] = {"style": "stdin", "tests": stdin_cases(inputs, outputs)}
    seconds = seconds_of(row.get("time_limit"))
    if seconds:
        reference["time_limit"] = seconds
    if row.get("memory_limit_bytes"):
        reference["memory_limit"] = max(64, int(row["memory_limit_bytes"]) // 2**20)
    if row.get("input_file") or row.get("output_file"):
        raise BadRowError("the row reads a file instead of standard input")
    return with_solution(reference, _python_solution(row.get("solutions")))


def _python_solution(solutions: Any) -> str:
    if not isinstance(solutions, Mapping):
        return ""
    pairs = zip(solutions.get("language") or [], solutions.get("solution") or [], strict=False)
    return next((text for language, text in pairs if language in (_PYTHON3, "PYTHON3")), "")


def _codeforces(row: Mapping[str, Any]) -> dict[str, Any]:
    tests = parsed(row.get("official_tests")) or []
    examples = parsed(row.get("examples")) or []
    cases = [*tests, *(case for case in examples if case not in tests)]
    reference: dict[str, Any] = {
        "style": "stdin",
        "tests": stdin_cases([case["input"] for case in cases], [case["output"] for case in cases]),
        "compare": "contest",
    }
    if row.get("interaction_format"):
        raise BadRowError("an interactive problem: its judge talks with the program")
    if row.get("input_mode") not in (None, "", "stdio"):
        raise BadRowError("the row reads a file instead of standard input")
    if row.get("generated_checker"):
        reference["checker"] = row["generated_checker"]
    if row.get("time_limit"):
        reference["time_limit"] = seconds_of(row["time_limit"])
    if row.get("memory_limit"):
        reference["memory_limit"] = max(64, int(float(row["memory_limit"])))
    return reference


def _livecodebench(row: Mapping[str, Any]) -> dict[str, Any]:
    metadata = parsed(row.get("metadata")) or {}
    starter = str(row.get("starter_code") or "")
    tests = [*_tests(row.get("public_test_cases")), *_tests(row.get("private_test_cases"))]
    function = metadata.get("func_name") if isinstance(metadata, Mapping) else None
    return from_cases(tests, function, starter)


def _tests(column: Any) -> list[Any]:
    """A column of tests: a list, its JSON text, or (private tests) base64 of zlib of a pickled JSON text."""
    found = parsed(column)
    if isinstance(found, str) and found.strip():
        found = json.loads(_hidden_text(found))
    if found is None or found == "":
        return []
    if not isinstance(found, Sequence):
        raise BadRowError("a column of tests that is no list")
    return list(found)


def _hidden_text(column: str) -> str:
    """The text in LiveCodeBench's private tests. The pickle is read, never loaded: it may hold one text and nothing
    else."""
    try:
        packed = zlib.decompressobj().decompress(base64.b64decode(column, validate=True), _MAX_TESTS)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise BadRowError(f"private tests that are neither JSON nor packed as LiveCodeBench's: {error}") from None
    if packed[:1] in (b"[", b"{"):
        return packed.decode("utf-8")
    texts = []
    for opcode, argument, _ in pickletools.genops(packed):
        if opcode.name not in _TEXT_OPCODES:
            raise BadRowError(f"private tests whose pickle holds more than a text ({opcode.name})")
        if isinstance(argument, str):
            texts.append(argument)
    if len(texts) != 1:
        raise BadRowError("private tests whose pickle holds no text")
    return texts[0]


def _solved_contest(row: Any) -> bool:
    return has("public_tests")(row) or has("private_tests", "generated_tests")(row)


FORMATS = [
    Format("code_contests", "DeepMind's CodeContests", _solved_contest, _code_contests, ("description",)),
    Format("codeforces", "open-r1/codeforces", has("official_tests"), _codeforces, ("prompt", "description")),
    Format(
        "livecodebench",
        "LiveCodeBench, stdin and functional",
        has("public_test_cases"),
        _livecodebench,
        ("question_content",),
    ),
]
