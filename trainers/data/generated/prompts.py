"""The prompts of a data set as a measurement asks them: what `holdfast sample` and self-written replay start from."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from holdfast.errors import DataError, suggestion
from holdfast.files import write_stream
from holdfast.trainers.data.formats.messages import chat
from holdfast.trainers.data.formats.row_formats import FINAL, prompt
from holdfast.trainers.data.mix import own_rows
from holdfast.trainers.settings.config import DataConfig
from holdfast.trainers.settings.data_sets import label

Row = dict[str, Any]


def prompt_rows(config: DataConfig, seed: int, data_root: Path | None = None) -> Iterator[Row]:
    """Every row with its `prompt` as the model shall see it: text or messages, the data's own template and system
    message in it. Other columns stay: rewards read them.

    Raises DataError for data without rows, or a row without prompt (naming the columns it has).
    """
    for number, row in enumerate(own_rows(config, seed, data_root)):
        with_prompt = row | {"prompt": _prompt_of(row, f"{label(config)}, row {number}")}
        yield {key: value for key, value in row.items() if key != FINAL} | {"prompt": prompt(with_prompt, config)}


def write_prompts(rows: Iterable[Row], path: Path) -> Path:
    """Rows as the JSONL file that a measurement's task reads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_stream(path, (json.dumps(row, ensure_ascii=True, default=str) + "\n" for row in rows))
    return path


def _prompt_of(row: Row, where: str) -> Any:
    """The prompt column; of a conversation, all that stands before its last answer."""
    if row.get("prompt"):
        return row["prompt"]
    if "messages" not in row:
        raise DataError(f"{where}: no prompt{suggestion('prompt', row)}; name it with the key columns.prompt")
    turns = chat(row["messages"])
    turns_before = turns[:-1] if turns[-1]["role"] == "assistant" else turns
    if not turns_before:
        raise DataError(f"{where}: a conversation of one answer holds no prompt")
    return turns_before
