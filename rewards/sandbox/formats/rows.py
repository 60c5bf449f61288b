"""Published rows as training rows: a prompt and one of our references."""

from collections.abc import Mapping
from typing import Any

from holdfast.rewards.sandbox.formats import FORMATS, convert, recognise
from holdfast.rewards.sandbox.formats.base import BadRowError, parsed

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
    return {**kept, "prompt": prompt, "reference": {**reference, "format": taken}}
