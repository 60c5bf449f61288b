"""What the formats share: reading a column's text, pairing inputs with outputs."""

import ast
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class BadRowError(ValueError):
    """A row that is not of its format."""


@dataclass(frozen=True, slots=True)
class Format:
    """One published shape of rows."""

    name: str
    title: str
    """Which data sets have it."""
    fits: Callable[[Any], bool]
    convert: Callable[[Any], dict[str, Any]]
    prompt: tuple[str, ...] = ()
    """Columns that may hold the prompt, the first that is there counts."""


def parsed(value: Any) -> Any:
    """What a column's text holds: JSON, else a Python literal; the text itself where it is neither."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return value


def has(*keys: str) -> Callable[[Any], bool]:
    """Is it a mapping with all of these keys?"""
    return lambda row: isinstance(row, Mapping) and all(key in row for key in keys)


def text_of(value: Any) -> str:
    """An input or output of a program as text: lists are lines."""
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence):
        return "\n".join(map(text_of, value))
    return "" if value is None else str(value)


def stdin_cases(inputs: Sequence[Any], outputs: Sequence[Any]) -> list[dict[str, Any]]:
    """Cases of style `stdin`. Raises ValueError for lists of different lengths."""
    return [{"input": text_of(i), "output": text_of(o)} for i, o in zip(inputs, outputs, strict=True)]


def call_cases(inputs: Sequence[Any], outputs: Sequence[Any]) -> list[dict[str, Any]]:
    """Cases of style `function`: APPS writes an output bare or as a list of one, so that both are accepted."""
    cases = []
    for given, output in zip(inputs, outputs, strict=True):
        arguments, output = parsed(given), parsed(output)
        arguments = arguments if isinstance(arguments, list) else [arguments]
        accepted = [output[0], output] if isinstance(output, list) and len(output) == 1 else [output]
        cases.append({"args": arguments, "any_of": accepted, "expected": accepted[0]})
    return cases


def entry_point(function: str, code: str = "") -> str:
    """A function's name as an entry point: a method where the starter code or the program has a class Solution."""
    return f"Solution.{function}" if "class Solution" in code else function


def first_text(value: Any) -> str:
    """The first solution of a column that holds one, many, or their JSON text."""
    value = parsed(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = next((item for item in value if isinstance(item, str)), "")
    return unfenced(value) if isinstance(value, str) else ""


def unfenced(text: str) -> str:
    """A solution without the fence that some data sets keep around it."""
    stripped = text.strip()
    if not stripped.startswith("```") or not stripped.endswith("```"):
        return text
    return stripped.partition("\n")[2].rpartition("```")[0]


def with_solution(reference: dict[str, Any], solution: str) -> dict[str, Any]:
    """The reference with its solution, where there is one."""
    return {**reference, "solution": solution} if solution.strip() else reference


def megabytes_of(limit: Any) -> float:
    """A memory limit in megabytes: a number of them, or text of a number and its unit; 0 for none."""
    if not isinstance(limit, str):
        return float(limit or 0)
    found = re.search(r"(\d+(?:\.\d+)?)\s*([kmg]?)", limit.lower())
    return float(found[1]) * {"k": 1e-3, "g": 1e3}.get(found[2], 1.0) if found else 0.0


def seconds_of(limit: Any) -> float:
    """A time limit in seconds: a number, text that begins with one, or protobuf's seconds and nanos; 0 for none."""
    if isinstance(limit, Mapping):
        return float(limit.get("seconds") or 0) + float(limit.get("nanos") or 0) / 1e9
    if isinstance(limit, str):
        found = re.search(r"\d+(?:\.\d+)?", limit)
        return float(found[0]) if found else 0.0
    return float(limit or 0)
