"""Formats that everybody has, without a mapping: Alpaca, ShareGPT and OpenAI's messages with tools, plain text."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.paths import shared

from holdfast.errors import DataError, UsageError
from holdfast.trainers.data.formats.row_formats import (
    completion_row,
    conversation_row,
    marked_row,
    preference_row,
    prompt_row,
)
from holdfast.trainers.data.mix import split_validation
from holdfast.trainers.data.sources import named_rows
from holdfast.trainers.settings.config import DataConfig


def rows_of(path: Path, **config: Any) -> list[dict[str, Any]]:
    return list(named_rows(DataConfig(path=str(path), **config), 0, None))


def shaped(row: dict[str, Any], **config: Any) -> dict[str, Any]:
    return completion_row(row, DataConfig(path="", **config))


def test_alpaca() -> None:
    rows = rows_of(shared("sft_dpo", "alpaca_en_demo.json"))
    one = next(row for row in rows if row.get("input"))
    made = shaped(one)
    assert made["prompt"] == [{"role": "user", "content": f"{one['instruction']}\n\n{one['input']}"}]
    assert made["completion"] == [{"role": "assistant", "content": one["output"]}]
    assert len([shaped(row) for row in rows]) == len(rows)


def test_share_gpt_with_tools(tmp_path: Path) -> None:
    rows = rows_of(shared("sft_dpo", "glaive_toolcall_en_demo.json"))
    made = [shaped(row) for row in rows]
    roles = {turn["role"] for row in made for turn in [*row["prompt"], *row["completion"]]}
    assert roles == {"user", "assistant", "tool"}
    call = next(t for row in made for t in row["prompt"] if t.get("tool_calls"))["tool_calls"][0]["function"]
    source = next(t for row in rows for t in row["conversations"] if t["from"] == "function_call")
    assert call["name"] == json.loads(source["value"])["name"]
    assert isinstance(json.loads(call["arguments"]), dict)
    tools = next(row["tools"] for row in made if "tools" in row)
    assert json.loads(tools)[0]["name"]
    from datasets import Dataset

    back = Dataset.from_list(made)
    assert [row["tools"] for row in back][:5] == [row.get("tools") for row in made][:5], "no row gets another's keys"


def test_open_ai_messages_with_tools() -> None:
    call = {"id": "1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
    messages = [
        {"role": "user", "content": "add"},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "1", "content": "2"},
        {"role": "assistant", "content": "It is 2."},
    ]
    made = shaped({"messages": messages, "tools": [{"type": "function", "function": {"name": "add"}}]})
    assert made["prompt"][1] == {"role": "assistant", "tool_calls": [call], "content": ""}
    assert made["completion"] == [messages[-1]]
    with pytest.raises(DataError, match="tools must be"):
        shaped({"messages": messages, "tools": "none"})
    with pytest.raises(DataError, match="function_call must be JSON"):
        shaped({"messages": [{"from": "human", "value": "a"}, {"from": "function_call", "value": "add(1)"}]})


@pytest.mark.parametrize("role", [None, 0, 1.5, True, ["user"], {"name": "user"}])
@pytest.mark.parametrize("read", [completion_row, conversation_row, preference_row, marked_row, prompt_row])
def test_a_role_is_text(read: Callable[[dict[str, Any], DataConfig], Any], role: Any) -> None:
    turns = [{"role": "user", "content": "1+1"}, {"role": role, "content": "2"}]
    row = {"messages": turns, "chosen": turns, "rejected": turns, "label": True, **split(turns, read)}
    with pytest.raises(DataError, match="a message needs role and content"):
        read(row, DataConfig(path=""))


def split(turns: list[dict[str, Any]], read: Any) -> dict[str, Any]:
    """The prompt and completion of readers that do not take whole conversations."""
    return {"prompt": turns, "completion": turns} if read is prompt_row else {}


def test_plain_text_and_templates_of_any_column() -> None:
    assert shaped({"text": "Once upon a time."}) == {"text": "Once upon a time."}
    row = {"prompt": "2+2", "completion": "4", "level": "easy"}
    made = shaped(row, template="({level}) {prompt} = ?")
    assert made["prompt"][0]["content"] == "(easy) 2+2 = ?"
    with pytest.raises(DataError, match="did you mean 'level'"):
        shaped(row, template="{levle} {prompt}")


def test_validation_rows_are_held_out() -> None:
    rows = [{"prompt": str(n), "completion": "a"} for n in range(40)]
    train, held = split_validation(rows, DataConfig(path="", validation=0.1), 0)
    assert (len(train), len(held)) == (36, 4)
    assert sorted(int(row["prompt"]) for row in train + held) == list(range(40))
    assert split_validation(rows, DataConfig(path="", validation=0.1), 0)[1] == held
    for share in (0.001, 1.5, 1):
        with pytest.raises(UsageError, match="give a share"):
            split_validation(rows, DataConfig(path="", validation=share), 0)
