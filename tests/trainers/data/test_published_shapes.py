"""Data sets in the row shapes that they are published in, read without a mapping, whole and in the right roles."""

import json
from pathlib import Path
from typing import Any

import pytest

from holdfast.errors import DataError
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
