"""KodCode, LeetCodeDataset, BigCodeBench, HumanEval and MBPP rows, whose tests are Python, and MultiPL-E's, whose are
not."""

import re
from collections.abc import Mapping
from typing import Any

from holdfast.rewards.sandbox.formats.base import Format, first_text, has, with_solution


def _kodcode(row: Mapping[str, Any]) -> dict[str, Any]:
    return with_solution({"style": "pytest", "tests": row["test"]}, first_text(row.get("solution") or ""))


def _leetcode(row: Mapping[str, Any]) -> dict[str, Any]:
    """The prelude that LeetCode gives stands in the row's `prompt`; helpers for lists and trees too."""
    prelude = str(row.get("prompt") or "")
    reference = {
        "style": "check",
        "tests": row["test"],
        "entry_point": str(row["entry_point"]).replace("()", ""),
        "setup": prelude,
        "prompt": str(row.get("starter_code") or ""),
    }
    return with_solution(reference, first_text(row.get("completion") or ""))


def _bigcodebench(row: Mapping[str, Any]) -> dict[str, Any]:
    code = str(row.get("code_prompt") or row.get("complete_prompt") or "")
    reference = {"style": "pytest", "tests": row["test"], "entry_point": row["entry_point"], "prompt": code}
    solution = str(row.get("canonical_solution") or "")
    return with_solution(reference, code + solution if solution.strip() else "")


def _humaneval(row: Mapping[str, Any]) -> dict[str, Any]:
    prompt = str(row.get("prompt") or "")
    reference = {"style": "check", "tests": row["test"], "entry_point": row["entry_point"], "prompt": prompt}
    solution = str(row.get("canonical_solution") or "")
    return with_solution(reference, prompt + solution if solution.strip() else "")


def _mbpp(row: Mapping[str, Any]) -> dict[str, Any]:
    setup = row.get("test_setup_code") or "\n".join(row.get("test_imports") or [])
    reference = {"style": "asserts", "tests": list(row["test_list"]), "setup": setup}
    return with_solution(reference, str(row.get("code") or ""))


def _multipl_e(row: Mapping[str, Any]) -> dict[str, Any]:
    """The function's name is the one that the prompt's last line declares; the tests run in the program's process."""
    head = str(row["prompt"]).rstrip().rpartition("\n")[2]
    called = re.search(r"(\w+)\s*(?:<[^>]*>\s*)?\(", head)
    name = called[1] if called else re.sub(r"^(?:HumanEval|mbpp)_\d+_", "", str(row["name"]))
    return {
        "style": "appended",
        "tests": row["tests"],
        "entry_point": name,
        "prompt": row["prompt"],
        "language": row["language"],
        "stops": list(row["stop_tokens"]),
        "isolation": "partial",
    }


def _is_bigcodebench(row: Any) -> bool:
    return has("test", "entry_point")(row) and (
        "complete_prompt" in row or "code_prompt" in row or "TestCase" in str(row["test"])
    )


def _is_kodcode(row: Any) -> bool:
    return has("test")(row) and "entry_point" not in row and isinstance(row["test"], str)


FORMATS = [
    Format(
        "multipl_e", "MultiPL-E", has("name", "language", "prompt", "tests", "stop_tokens"), _multipl_e, ("prompt",)
    ),
    Format(
        "leetcode",
        "LeetCodeDataset",
        has("test", "entry_point", "starter_code"),
        _leetcode,
        ("query", "problem_description"),
    ),
    Format("bigcodebench", "BigCodeBench", _is_bigcodebench, _bigcodebench, ("instruct_prompt", "complete_prompt")),
    Format("humaneval", "HumanEval", has("test", "entry_point", "prompt"), _humaneval, ("prompt",)),
    Format("kodcode", "KodCode", _is_kodcode, _kodcode, ("question",)),
    Format("mbpp", "MBPP", has("test_list"), _mbpp, ("text", "prompt")),
]
