"""Columns that a trainer reads and a row lacks: refused in one line with those it has and the mapping that fits."""

from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.errors import DataError

THEIRS: dict[str, tuple[str, ...]] = {
    "prompt": ("prompt", "question", "problem", "query", "instruction", "input", "inputs", "context", "user"),
    "completion": ("completion", "response", "answer", "answers", "output", "outputs", "targets", "solution"),
    "messages": ("messages", "conversation", "conversations", "dialog", "dialogue"),
    "chosen": ("chosen", "accepted", "preferred", "response_chosen", "answer_chosen"),
    "rejected": ("rejected", "response_rejected", "answer_rejected"),
    "label": ("label", "labels", "is_good", "thumbs_up", "score"),
    "reference": (
        "reference",
        "answer",
        "final_answer",
        "expected_answer",
        "ground_truth",
        "gold",
        "target",
        "solution",
    ),
}
"""What published data sets call the columns; the first that a row has is proposed."""


def require(row: Mapping[str, Any], columns: Sequence[str], purpose: str, *instead: str) -> None:
    """Raise DataError for columns a row lacks, naming those it has and the mapping. `instead`: what else would do."""
    missing = [column for column in columns if column not in row]
    if not missing:
        return
    others = "".join(f", or {one}" for one in instead)
    what = f"column{'s' if len(missing) > 1 else ''} {' and '.join(map(repr, missing))}"
    raise DataError(
        f"{purpose} needs the {what}{others} (available: {', '.join(sorted(map(str, row))) or 'none'});"
        f" name {'them' if len(missing) > 1 else 'it'} with {mapping(row, columns, missing, 'messages' in others)}"
    )


def mapping(row: Mapping[str, Any], columns: Sequence[str], missing: Sequence[str], conversations: bool = False) -> str:
    """The words that name a row's columns, as far as their names tell; `…` for the others."""
    spoken = next((name for name in row if _is_conversation(row[name])), None)
    if conversations and spoken is not None:
        return f"data.columns.messages={spoken}"
    taken: set[str] = {column for column in columns if column in row}
    words = []
    for column in missing:
        found = _theirs(row, column, taken)
        if column == "prompt" and found is None and spoken is not None and _asks(row[spoken]):
            found = spoken
        taken.add(found or "")
        words.append(f"data.columns.{column}={found or '…'}")
    return " ".join(words)


def _theirs(row: Mapping[str, Any], column: str, taken: set[str]) -> str | None:
    by_name = {str(name).lower(): str(name) for name in row if name not in taken}
    return next((by_name[name] for name in THEIRS.get(column, ()) if name in by_name), None)


def _asks(turns: list[Mapping[str, Any]]) -> bool:
    """Whether a conversation ends with a question."""
    return turns[-1].get("role", turns[-1].get("from")) in ("user", "human")


def _is_conversation(value: Any) -> bool:
    """Whether a value is a list of messages."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(one, Mapping) for one in value)
        and ({"role", "content"} <= value[0].keys() or {"from", "value"} <= value[0].keys())
    )
