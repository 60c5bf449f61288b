"""Data sets in the row shapes that they are published in, read without a mapping, whole and in the right roles."""

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
from holdfast.trainers.settings.trainer_spec import Inputs

CALL = {"type": "function", "function": {"name": "weather", "arguments": '{"city": "Rome"}'}}
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
ASKED = {"role": "user", "content": "Weather in Rome?"}
SAID = {"role": "assistant", "content": "Sunny."}
RETURNED = {"role": "tool", "content": "sun"}


def turns(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"role": role, "content": text} for role, text in pairs]


SHAPES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "tatsu-lab/alpaca, with its text": (
        "sft",
        {"instruction": "Add.", "input": "1 2", "output": "3", "text": "Below is an instruction …"},
        {"prompt": turns(("user", "Add.\n\n1 2")), "completion": turns(("assistant", "3"))},
    ),
    "alpaca with system and history": (
        "sft",
        {"instruction": "And 2?", "input": "", "output": "3", "system": "Count.", "history": [["1?", "2"]]},
        {
            "prompt": turns(("system", "Count."), ("user", "1?"), ("assistant", "2"), ("user", "And 2?")),
            "completion": turns(("assistant", "3")),
        },
    ),
    "sharegpt with a system column": (
        "sft",
        {"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}], "system": "Be kind."},
        {"prompt": turns(("system", "Be kind."), ("user", "Hi")), "completion": turns(("assistant", "Hello"))},
    ),
    "openai messages whose answer is a call": (
        "sft",
        {"messages": [ASKED, {"role": "assistant", "tool_calls": [CALL]}], "tools": [TOOL]},
        {
            "prompt": [ASKED],
            "completion": [{"role": "assistant", "tool_calls": [CALL], "content": ""}],
            "tools": json.dumps([TOOL]),
        },
    ),
    "prompt and completion of several messages": (
        "sft",
        {"prompt": [ASKED], "completion": [{"role": "assistant", "content": "", "tool_calls": [CALL]}, RETURNED, SAID]},
        {
            "prompt": [ASKED],
            "completion": [{"role": "assistant", "content": "", "tool_calls": [CALL]}, RETURNED, SAID],
        },
    ),
    "HH-RLHF": (
        "dpo",
        {
            "chosen": "\n\nHuman: Hi\n\nAssistant: Yes?\n\nHuman: Who?\n\nAssistant: A friend.",
            "rejected": "\n\nHuman: Hi\n\nAssistant: Yes?\n\nHuman: Who?\n\nAssistant: Go away.",
        },
        {
            "prompt": turns(("user", "Hi"), ("assistant", "Yes?"), ("user", "Who?")),
            "chosen": turns(("assistant", "A friend.")),
            "rejected": turns(("assistant", "Go away.")),
        },
    ),
    "UltraFeedback, binarised": (
        "dpo",
        {
            "prompt": "Who?",
            "prompt_id": "x",
            "chosen": turns(("user", "Who?"), ("assistant", "A friend.")),
            "rejected": turns(("user", "Who?"), ("assistant", "Go away.")),
            "messages": turns(("user", "Who?"), ("assistant", "A friend.")),
            "score_chosen": 8.0,
        },
        {
            "prompt": turns(("user", "Who?")),
            "chosen": turns(("assistant", "A friend.")),
            "rejected": turns(("assistant", "Go away.")),
        },
    ),
    "pairs of conversations with a tool": (
        "dpo",
        {
            "chosen": [ASKED, {"role": "assistant", "content": "", "tool_calls": [CALL]}, RETURNED, SAID],
            "rejected": [ASKED, {"role": "assistant", "content": "No."}],
        },
        {
            "prompt": [ASKED],
            "chosen": [{"role": "assistant", "content": "", "tool_calls": [CALL]}, RETURNED, SAID],
            "rejected": [{"role": "assistant", "content": "No."}],
        },
    ),
    "alpaca pairs": (
        "dpo",
        {"instruction": "Add.", "input": "1 2", "chosen": "3", "rejected": "4"},
        {
            "prompt": turns(("user", "Add.\n\n1 2")),
            "chosen": turns(("assistant", "3")),
            "rejected": turns(("assistant", "4")),
        },
    ),
    "sharegpt pairs": (
        "dpo",
        {
            "conversations": [{"from": "human", "value": "Hi"}],
            "chosen": {"from": "gpt", "value": "Hello"},
            "rejected": {"from": "gpt", "value": "No"},
        },
        {
            "prompt": turns(("user", "Hi")),
            "chosen": turns(("assistant", "Hello")),
            "rejected": turns(("assistant", "No")),
        },
    ),
    "UltraFeedback whose conversations have a system message": (
        "dpo",
        {
            "prompt": "Who?",
            "chosen": turns(("system", "Be kind."), ("user", "Who?"), ("assistant", "A friend.")),
            "rejected": turns(("system", "Be kind."), ("user", "Who?"), ("assistant", "Go away.")),
        },
        {
            "prompt": turns(("system", "Be kind."), ("user", "Who?")),
            "chosen": turns(("assistant", "A friend.")),
            "rejected": turns(("assistant", "Go away.")),
        },
    ),
    "pairs of several turns beside their last question": (
        "dpo",
        {
            "prompt": [{"role": "user", "content": "Who?"}],
            "chosen": turns(("user", "Hi"), ("assistant", "Yes?"), ("user", "Who?"), ("assistant", "A friend.")),
            "rejected": turns(("user", "Hi"), ("assistant", "Yes?"), ("user", "Who?"), ("assistant", "Go away.")),
        },
        {
            "prompt": turns(("user", "Hi"), ("assistant", "Yes?"), ("user", "Who?")),
            "chosen": turns(("assistant", "A friend.")),
            "rejected": turns(("assistant", "Go away.")),
        },
    ),
    "pairs that part before the last question": (
        "dpo",
        {
            "chosen": turns(("user", "Hi"), ("assistant", "Yes?"), ("user", "Who?"), ("assistant", "A friend.")),
            "rejected": turns(("user", "Hi"), ("assistant", "No.")),
        },
        {
            "prompt": turns(("user", "Hi")),
            "chosen": turns(("assistant", "Yes?"), ("user", "Who?"), ("assistant", "A friend.")),
            "rejected": turns(("assistant", "No.")),
        },
    ),
    "HH-RLHF with its prompt apart": (
        "dpo",
        {
            "prompt": "\n\nHuman: Hi\n\nAssistant: Yes?\n\nHuman: Who?\n\nAssistant:",
            "chosen": " A friend.",
            "rejected": " Go away.",
        },
        {
            "prompt": turns(("user", "Hi"), ("assistant", "Yes?"), ("user", "Who?")),
            "chosen": turns(("assistant", "A friend.")),
            "rejected": turns(("assistant", "Go away.")),
        },
    ),
    "OpenHermes, whose system message stands twice": (
        "sft",
        {
            "system_prompt": "Be kind.",
            "conversations": [
                {"from": "system", "value": "Be kind.", "weight": None},
                {"from": "human", "value": "Hi", "weight": None},
                {"from": "gpt", "value": "Hello", "weight": None},
            ],
        },
        {
            "prompt": turns(("system", "Be kind."), ("user", "Hi")),
            "completion": turns(("assistant", "Hello")),
        },
    ),
    "prompt and completion with a system column": (
        "sft",
        {"system": "Be kind.", "prompt": "Hi", "completion": "Hello"},
        {"prompt": turns(("system", "Be kind."), ("user", "Hi")), "completion": turns(("assistant", "Hello"))},
    ),
    "a conversation that ends with thanks": (
        "sft",
        {"messages": turns(("user", "Hi"), ("assistant", "Hello"), ("user", "Thanks."))},
        {"prompt": turns(("user", "Hi")), "completion": turns(("assistant", "Hello"))},
    ),
    "a conversation that ends with a tool": (
        "sft",
        {"messages": [ASKED, {"role": "assistant", "content": "", "tool_calls": [CALL]}, RETURNED]},
        {"prompt": [ASKED], "completion": [{"role": "assistant", "content": "", "tool_calls": [CALL]}]},
    ),
    "messages as JSON, as tables hold them": (
        "sft",
        {"messages": json.dumps(turns(("user", "Hi"), ("assistant", "Hello")))},
        {"prompt": turns(("user", "Hi")), "completion": turns(("assistant", "Hello"))},
    ),
    "pairs as JSON, as tables hold them": (
        "dpo",
        {
            "prompt": "Hi",
            "chosen": json.dumps(turns(("user", "Hi"), ("assistant", "Hello"))),
            "rejected": json.dumps(turns(("user", "Hi"), ("assistant", "No"))),
        },
        {
            "prompt": turns(("user", "Hi")),
            "chosen": turns(("assistant", "Hello")),
            "rejected": turns(("assistant", "No")),
        },
    ),
    "an answer that is JSON itself": (
        "sft",
        {"prompt": "As JSON.", "completion": '[{"role": "admin"}, {"value": 2}]'},
        {
            "prompt": turns(("user", "As JSON.")),
            "completion": turns(("assistant", '[{"role": "admin"}, {"value": 2}]')),
        },
    ),
    "verl (DAPO)": (
        "grpo",
        {"data_source": "math_dapo", "prompt": [ASKED], "reward_model": {"ground_truth": "34", "style": "rule"}},
        {
            "data_source": "math_dapo",
            "prompt": [ASKED],
            "reward_model": {"ground_truth": "34", "style": "rule"},
            "reference": "34",
        },
    ),
    "verl (Skywork-OR1)": (
        "grpo",
        {"prompt": [ASKED], "reward_model": {"ground_truth": '["34"]'}},
        {"prompt": [ASKED], "reward_model": {"ground_truth": '["34"]'}, "reference": "34"},
    ),
    "KTO with tools": (
        "kto",
        {"prompt": [ASKED], "completion": [SAID], "label": 1, "tools": [TOOL]},
        {"prompt": [ASKED], "completion": [SAID], "label": True, "tools": json.dumps([TOOL])},
    ),
    "KTO": (
        "kto",
        {"prompt": turns(("user", "Hi")), "completion": turns(("assistant", "Hello")), "label": True},
        {"prompt": turns(("user", "Hi")), "completion": turns(("assistant", "Hello")), "label": True},
    ),
    "KTO of conversations": (
        "kto",
        {"messages": turns(("user", "Hi"), ("assistant", "Hello")), "label": False},
        {"prompt": turns(("user", "Hi")), "completion": turns(("assistant", "Hello")), "label": False},
    ),
}


def read(tmp_path: Path, rows: list[dict[str, Any]], **config: Any) -> list[dict[str, Any]]:
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return list(named_rows(DataConfig(path=str(file), **config), 0, None))


@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_read_as_it_is_meant(shape: str, tmp_path: Path) -> None:
    trainer, row, wanted = SHAPES[shape]
    (one,) = read(tmp_path, [row])
    assert find_trainer(trainer).row(one, DataConfig()) == wanted


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
    wanted = {"messages": [*turns(("system", "Be kind.")), ASKED, SAID], "tools": json.dumps([TOOL])}
    assert conversation_row(row, DataConfig()) == wanted
    assert conversation_row({"messages": [ASKED, SAID, ASKED], **row}, DataConfig()) == wanted


def test_the_rows_own_system_message_and_one_for_all_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(json.dumps({"system": "Be kind.", "prompt": "Hi", "completion": "Hello"}) + "\n")
    with pytest.raises(UsageError, match=r"data.system and the rows' own"):
        own_rows(DataConfig(path=str(file), system="Be brief."), 0)


def test_a_mistyped_mapping_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="did you mean 'question'"):
        read(tmp_path, [{"question": "1+1?", "answer": "#### 2"}], columns={"prompt": "qestion"})


def dataset(trainer: str, rows: list[dict[str, Any]]) -> Any:
    config = DataConfig()
    return Inputs(None, None, rows, config, None).dataset(find_trainer(trainer).row)


def test_no_row_loses_a_column_that_the_first_one_lacks() -> None:
    """datasets takes the columns of the first row: the tools of all others went with it in silence."""
    plain = {"prompt": "Hi", "completion": "Hello"}
    tooled = {"messages": [ASKED, {"role": "assistant", "content": "", "tool_calls": [CALL]}], "tools": [TOOL]}
    rows = dataset("sft", [plain, tooled, plain])
    assert [row["tools"] for row in rows] == [None, json.dumps([TOOL]), None]
    prompts = dataset("grpo", [{"prompt": "a"}, {"prompt": "b", "reference": "1"}])
    assert [row["reference"] for row in prompts] == [None, "1"]


def test_calls_reach_the_template_as_mappings_with_their_own_arguments_alone() -> None:
    other = {"type": "function", "function": {"name": "time", "arguments": {"zone": "CET"}}}
    rows = [
        {"messages": [ASKED, {"role": "assistant", "tool_calls": [call]}, RETURNED, SAID]} for call in (CALL, other)
    ]
    prompts = [row["prompt"] for row in dataset("sft", rows)]
    calls = [prompt[1]["tool_calls"][0]["function"]["arguments"] for prompt in prompts]
    assert calls == [{"city": "Rome"}, {"zone": "CET"}]


def test_rows_of_two_shapes_are_no_training() -> None:
    with pytest.raises(DataError, match="row 0 has prompt and completion, row 1 text"):
        dataset("sft", [{"prompt": "Hi", "completion": "Hello"}, {"text": "Once."}])
