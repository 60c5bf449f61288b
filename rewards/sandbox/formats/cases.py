"""Lists of cases: LiveCodeBench's as DeepCoder and rLLM keep them, SYNTHETIC-1's, and rows around such lists."""

import ast
import json
from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.rewards.sandbox.formats.base import (
    BadRowError,
    Format,
    call_cases,
    entry_point,
    first_text,
    has,
    parsed,
    text_of,
    with_solution,
)  # fmt: skip
from holdfast.rewards.sandbox.formats.columns import from_columns


def from_cases(tests: Sequence[Any], function: Any = None, starter: str = "") -> dict[str, Any]:
    """The reference of a list of cases with `testtype` (LiveCodeBench) or `type` (PrimeIntellect)."""
    if not tests:
        return {"style": "stdin", "tests": []}
    kinds = {_kind(case) for case in tests}
    if len(kinds) != 1:
        raise BadRowError(f"cases of several kinds: {', '.join(sorted(kinds))}")
    if kinds == {"stdin"}:
        return {
            "style": "stdin",
            "tests": [{"input": text_of(c["input"]), "output": text_of(c["output"])} for c in tests],
        }
    name = next((_name(case) for case in tests if _name(case)), None) or function or _only_method(starter)
    if not isinstance(name, str) or not name:
        raise BadRowError("functional cases without the name of the function (func_name, fn_name or starter code)")
    calls = [_call(case) for case in tests]
    return {"style": "function", "entry_point": entry_point(name, starter or _class_of(tests)), "tests": calls}


def _kind(case: Mapping[str, Any]) -> str:
    kind = case.get("testtype") or case.get("type") or ("function_call" if case.get("fn_name") else "stdin")
    return {"stdin": "stdin", "stdin_stdout": "stdin", "stdio": "stdin"}.get(str(kind), str(kind))


def _name(case: Mapping[str, Any]) -> Any:
    metadata = parsed(case.get("metadata"))
    return case.get("fn_name") or (metadata.get("func_name") if isinstance(metadata, Mapping) else None)


def _class_of(tests: Sequence[Mapping[str, Any]]) -> str:
    """LiveCodeBench's functional problems are LeetCode's: a method of class Solution."""
    return "class Solution" if any(case.get("testtype") == "functional" for case in tests) else ""


def _only_method(starter: str) -> str | None:
    names = [line.split("(")[0].split()[-1] for line in starter.splitlines() if line.lstrip().startswith("def ")]
    names = [name for name in names if not name.startswith("__")]
    return names[0] if len(names) == 1 else None


def _call(case: Mapping[str, Any]) -> dict[str, Any]:
    if _kind(case) == "functional" and isinstance(case["input"], str):
        arguments = [parsed_value(line) for line in case["input"].split("\n") if line.strip()]
        return {"args": arguments, "expected": parsed_value(str(case["output"]))}
    return call_cases([case["input"]], [case["output"]])[0]


def parsed_value(text: str) -> Any:
    """A JSON value (or Python literal) of an argument's line."""
    try:
        return json.loads(text)
    except ValueError:
        return ast.literal_eval(text)


def _is_list(row: Any) -> bool:
    if not isinstance(row, Sequence) or isinstance(row, str) or not row:
        return False
    return all(isinstance(case, Mapping) and "input" in case and "output" in case for case in row)


def _synthetic(row: Mapping[str, Any]) -> dict[str, Any]:
    info = parsed(row.get("verification_info", row))
    cases = parsed(info.get("test_cases") or info.get("ground_truth"))
    if cases and _texts(cases):
        return {"style": "asserts", "tests": list(cases)}
    solution = first_text(row.get("gold_standard_solution") or "")
    reference = from_cases(cases, starter=solution)
    if info.get("language"):
        reference["language"] = info["language"]
    return with_solution(reference, solution)


def _deepcoder(row: Mapping[str, Any]) -> dict[str, Any]:
    tests, starter = parsed(row["tests"]), str(row.get("starter_code") or "")
    metadata = parsed(row.get("metadata"))
    name = metadata.get("func_name") if isinstance(metadata, Mapping) else None
    reference = from_columns(tests, starter) if isinstance(tests, Mapping) else from_cases(tests, name, starter)
    return with_solution(reference, first_text(row.get("solutions") or row.get("solution") or ""))


def _is_acecode(row: Any) -> bool:
    return has("test_cases", "question")(row) and _texts(parsed(row["test_cases"]))


def _texts(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(item, str) for item in value)


def _is_rlvr(row: Any) -> bool:
    """A row of allenai's: its `dataset` says code, its `ground_truth` is a list of asserts (or their JSON text)."""
    if not has("ground_truth", "dataset")(row) or "code" not in str(row["dataset"]):
        return False
    return _texts(parsed(row["ground_truth"]))


def _around_cases(row: Any) -> bool:
    """A row of DeepCoder or rLLM: a problem and a column of published cases (ours have neither type)."""
    if not isinstance(row, Mapping) or "tests" not in row or "style" in row:
        return False
    tests = parsed(row["tests"])
    if isinstance(tests, Mapping):
        return "inputs" in tests and "outputs" in tests
    return _is_list(tests) and any("testtype" in case or "type" in case for case in tests)


FORMATS = [
    Format(
        "synthetic1",
        "SYNTHETIC-1, open-r1/verifiable-coding-problems",
        has("verification_info"),
        _synthetic,
        ("prompt",),
    ),
    Format("acecode", "AceCode", _is_acecode, _synthetic, ("question",)),
    Format("test_cases", "the column verification_info of SYNTHETIC-1", has("test_cases"), _synthetic),
    Format(
        "rlvr_code", "rlvr-code-data", _is_rlvr, lambda row: {"style": "asserts", "tests": parsed(row["ground_truth"])}
    ),
    Format("deepcoder", "DeepCoder, rLLM's LiveCodeBench", _around_cases, _deepcoder, ("problem", "question")),
    Format("cases", "a list of cases of LiveCodeBench or PrimeIntellect", _is_list, lambda row: from_cases(row)),
]
