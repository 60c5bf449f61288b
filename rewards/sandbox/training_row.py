"""Published rows as training rows: a prompt and one of our references."""

import re
from collections.abc import Mapping
from typing import Any

from holdfast.rewards.sandbox.formats import FORMATS, convert, recognise
from holdfast.rewards.sandbox.formats.base import BadRowError, parsed
from holdfast.rewards.sandbox.source.reference import BadReferenceError, read

WHOLE = frozenset(
    "multipl_e apps eurus code_contests codeforces livecodebench synthetic1 deepcoder acecode rlvr_code leetcode "
    "bigcodebench humaneval kodcode mbpp".split()
)
"""Formats of whole rows, which no other kind of row is taken for."""
_PROMPTS = ("prompt", "question", "problem", "query", "text", "description", "instruction", "messages")


def training_row(row: Mapping[str, Any], name: str = "") -> dict[str, Any]:
    """`{"prompt": …, "reference": {…}}` of a row, its id where it has one. `name` declares the format; without it the
    row's keys tell. Raises BadRowError for a row of no known format, or one that breaks its own."""
    whole = {key: value for key, value in row.items() if value is not None}
    found = FORMATS.get(name) if name else recognise(whole)
    source: Any = whole
    if found is None and not name:
        source = next((value for value in map(parsed, whole.values()) if recognise(value)), None)
        found = recognise(source) if source is not None else None
    if found is None and not name:
        raise BadRowError(f"a row of no known format (keys {', '.join(sorted(whole))[:200]})")
    reference, taken = convert(source, name)
    columns = [*(found.prompt if found is not None else ()), *_PROMPTS]
    prompt = next((whole[key] for key in columns if whole.get(key)), "")
    ids = ("id", "task_id", "question_id", "problem_id", "response_id", "name")
    key = next((whole[key] for key in ids if key in whole), None)
    kept = {"id": str(key)} if key is not None else {}
    return {**kept, "prompt": _complete(prompt, reference, whole), "reference": {**reference, "format": taken}}


def is_whole(row: Mapping[str, Any]) -> bool:
    """Is it a row of a published data set of code, with its problem and its tests?"""
    found = recognise(row)
    if found is None or found.name not in WHOLE or ("completion" in row and found.name != "leetcode"):
        return False
    return found.name != "kodcode" or any(key in row for key in ("question", "instruction", "solution"))


def _complete(prompt: Any, reference: Mapping[str, Any], row: Mapping[str, Any]) -> Any:
    """The prompt (of messages, the last one) with what its grader takes for known: the starter code, else the name that
    the tests call."""
    if isinstance(prompt, list) and prompt and isinstance(prompt[-1], Mapping) and "content" in prompt[-1]:
        last = {**prompt[-1], "content": _complete(prompt[-1]["content"], reference, row)}
        return [*prompt[:-1], last]
    if not isinstance(prompt, str):
        return prompt
    starter = str(row.get("starter_code") or "").strip("\n")
    name = str(reference.get("entry_point") or _called(reference)).rpartition(".")[2]
    if not name or name in prompt:
        return prompt
    added = f"Complete this code:\n\n```python\n{starter}\n```" if name in starter else f"Name the function `{name}`."
    return f"{prompt.rstrip()}\n\n{added}"


def _called(reference: Mapping[str, Any]) -> str:
    """What asserts or pytest's tests call, where one name stands out."""
    if reference.get("style") not in ("asserts", "pytest"):
        return ""
    try:
        task = read(reference)
        imported = re.findall(r"^from solution import (\w+)$", "\n".join(task.sources), re.MULTILINE)
        return task.entry_point or next(iter([*task.names, *imported]), "")
    except BadReferenceError:
        return ""
