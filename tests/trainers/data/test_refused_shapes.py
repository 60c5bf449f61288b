"""Published rows that need a mapping are refused with the one that reads them; rows that teach nothing, with why."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from holdfast.errors import DataError, UsageError
from holdfast.trainers.data.formats.row_formats import conversation_row
from holdfast.trainers.data.mix import own_rows
from holdfast.trainers.data.sources import named_rows
from holdfast.trainers.settings.catalogue import find_trainer
from holdfast.trainers.settings.config import DataConfig

TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
ASKED = {"role": "user", "content": "Weather in Rome?"}
SAID = {"role": "assistant", "content": "Sunny."}


def read(tmp_path: Path, rows: list[dict[str, Any]], **config: Any) -> list[dict[str, Any]]:
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return list(named_rows(DataConfig(path=str(file), **config), 0, None))


MAPPED: dict[str, tuple[str, dict[str, Any]]] = {
    "GSM8K": ("sft", {"question": "1+1?", "answer": "#### 2"}),
    "GSM8K, rewarded": ("grpo", {"question": "1+1?", "answer": "#### 2"}),
    "MetaMathQA": ("sft", {"type": "x", "query": "1+1?", "response": "2", "original_question": "1+1"}),
    "Orca-Math": ("sft", {"question": "1+1?", "answer": "2"}),
    "OpenOrca": ("sft", {"id": "x", "system_prompt": "Count.", "question": "1+1?", "response": "2"}),
    "Orca pairs": ("dpo", {"system": "Count.", "question": "1+1?", "chosen": "2", "rejected": "3"}),
    "Magpie": ("sft", {"uuid": "x", "instruction": "1+1?", "response": "2"}),
    "Dolly": ("sft", {"instruction": "1+1?", "context": "", "response": "2", "category": "sum"}),
    "FLAN": ("sft", {"inputs": "1+1?", "targets": "2"}),
    "HelpSteer2": ("sft", {"prompt": "1+1?", "response": "2", "helpfulness": 4}),
    "OpenCodeReasoning": ("sft", {"id": "x", "input": "1+1?", "output": "2"}),
    "WildChat": ("sft", {"conversation": [ASKED, SAID], "toxic": False}),
    "NuminaMath, rewarded": ("grpo", {"problem": "1+1?", "solution": "2", "messages": [ASKED, SAID]}),
    "DeepScaleR": ("grpo", {"problem": "1+1?", "answer": "2", "solution": "It is 2."}),
    "Big-Math": ("grpo", {"problem": "1+1?", "answer": "2", "llama8b_solve_rate": 0.3}),
    "Tulu 3's RLVR": ("grpo", {"messages": [ASKED], "ground_truth": "2", "dataset": "gsm8k"}),
    "other letters": ("sft", {"Prompt": "1+1?", "Completion": "2"}),
}
"""Rows that need a mapping, with the trainer that refuses them."""


@pytest.mark.parametrize("shape", MAPPED)
def test_what_needs_a_mapping_is_refused_with_the_one_that_reads_it(shape: str, tmp_path: Path) -> None:
    trainer, given = MAPPED[shape]
    (row,) = read(tmp_path, [given])
    with pytest.raises(DataError, match="available: ") as refused:
        find_trainer(trainer).row(row, DataConfig())
    assert all(name in str(refused.value) for name in given), "the columns there are"
    columns = dict(re.findall(r"data\.columns\.(\w+)=(\w+)", str(refused.value)))
    (mapped,) = read(tmp_path, [given], columns=columns)
    shaped = find_trainer(trainer).row(mapped, DataConfig())
    asked = shaped["prompt"]
    assert asked[-1]["content"] in ("1+1?", ASKED["content"])
    assert (asked[0]["content"] == "Count.") == ("Orca" in shape and "Math" not in shape), "the system message is kept"
    if trainer == "sft":
        assert shaped["completion"][-1]["content"] in ("2", "#### 2", SAID["content"])


UNREADABLE: dict[str, tuple[str, dict[str, Any], str]] = {
    "messages without an answer": ("sft", {"messages": [ASKED]}, "no message is the assistant's"),
    "a tree's messages": ("sft", {"text": "Hi", "role": "prompter", "parent_id": "x"}, "one message of a conversation"),
    "pictures": (
        "sft",
        {"messages": [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What?"}]}, SAID]},
        "'image', and only text",
    ),
    "labels that are ratings": ("kto", {"prompt": "Hi", "completion": "Hello", "label": 3.5}, "true or false"),
    "labels of -1": ("kto", {"prompt": "Hi", "completion": "Hello", "label": -1}, "true or false"),
    "labels in words": ("kto", {"prompt": "Hi", "completion": "Hello", "label": "good"}, "true or false"),
    "answers to different questions": (
        "dpo",
        {"chosen": [ASKED, SAID], "rejected": [{"role": "user", "content": "Who?"}, SAID]},
        "different questions",
    ),
    "a number for an answer": ("sft", {"prompt": "1+1?", "completion": 2}, "found 2"),
    "Python's print of messages": ("sft", {"messages": str([ASKED, SAID])}, "must hold messages, or their JSON"),
    "Python's print of pairs": (
        "dpo",
        {"prompt": "Hi", "chosen": str([ASKED, SAID]), "rejected": str([ASKED, SAID])},
        "must hold messages, or their JSON",
    ),
}


@pytest.mark.parametrize("shape", UNREADABLE)
def test_what_nothing_can_be_learned_from_is_refused(shape: str, tmp_path: Path) -> None:
    trainer, given, why = UNREADABLE[shape]
    with pytest.raises(DataError, match=re.escape(why)):
        find_trainer(trainer).row(read(tmp_path, [given])[0], DataConfig())


@pytest.mark.parametrize("label", [True, 1, 1.0, "True", "true", "1", False, 0, 0.0, "False", "0"])
def test_labels(label: Any, tmp_path: Path) -> None:
    (row,) = read(tmp_path, [{"prompt": "Hi", "completion": "Hello", "label": label}])
    assert find_trainer("kto").row(row, DataConfig())["label"] is (label in (True, "True", "true", "1"))


def test_a_whole_conversation_keeps_its_tools_and_system_message() -> None:
    row = {"prompt": [ASKED], "completion": [SAID], "tools": [TOOL], "system": "Be kind."}
    wanted = {"messages": [{"role": "system", "content": "Be kind."}, ASKED, SAID], "tools": json.dumps([TOOL])}
    assert conversation_row(row, DataConfig()) == wanted
    assert conversation_row({"messages": [ASKED, SAID, ASKED], **row}, DataConfig()) == wanted


def test_the_rows_own_system_message_and_one_for_all_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(json.dumps({"system": "Be kind.", "prompt": "Hi", "completion": "Hello"}) + "\n")
    with pytest.raises(UsageError, match=r"data.system and the rows' own"):
        own_rows(DataConfig(path=str(file), system="Be brief."), 0)
