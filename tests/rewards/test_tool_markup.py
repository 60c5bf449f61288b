"""Calls as the chat templates of model families mark them: read whole, several at once, cut off, and broken."""

import json

import pytest

from holdfast.reward import Reward
from holdfast.rewards.tool_calls.markup import TEMPLATES
from holdfast.sample import Sample

TOOLS = [
    {
        "name": name,
        "parameters": {
            "type": "dict",
            "properties": {"base": {"type": "integer"}, "unit": {"type": "string"}},
            "required": ["base"],
        },
    }
    for name in ("area", "geo.side")
]
ONE = {"possible_answers": [{"area": {"base": [10], "unit": ["m", ""]}}], "tools": TOOLS}
BOTH = {"possible_answers": [*ONE["possible_answers"], {"geo.side": {"base": [4]}}], "tools": TOOLS}
NONE = {"possible_answers": [], "tools": TOOLS, "category": "irrelevance"}
JSON_ONE, JSON_TWO = '{"base": 10, "unit": "m"}', '{"base": 4}'
WRITTEN = {
    "Qwen3-Coder, Llama 3.1, Functionary": (
        "<tool_call>\n<function=area>\n<parameter=base>\n10\n</parameter>\n<parameter=unit>\nm\n</parameter>\n</function>\n"
        "</tool_call>",
        "<tool_call>\n<function=geo.side>\n<parameter=base>\n4\n</parameter>\n</function>\n</tool_call>",
    ),
    "Llama 3.1": (f"<function=area>{JSON_ONE}</function>", f"<function=geo.side>{JSON_TWO}</function>"),
    "GLM": (
        "<tool_call>area\n<arg_key>base</arg_key>\n<arg_value>10</arg_value>\n<arg_key>unit</arg_key>\n"
        "<arg_value>m</arg_value>\n</tool_call>",
        "<tool_call>geo.side\n<arg_key>base</arg_key>\n<arg_value>4</arg_value>\n</tool_call>",
    ),
    "MiniMax, Claude": (
        '<function_calls>\n<invoke name="area">\n<parameter name="base">10</parameter>\n'
        '<parameter name="unit">m</parameter>\n</invoke>\n',
        '<invoke name="geo.side">\n<parameter name="base">4</parameter>\n</invoke>\n</function_calls>',
    ),
    "DeepSeek": (
        f"<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>area\n```json\n{JSON_ONE}\n```<｜tool▁call▁end｜>",
        f"<｜tool▁call▁begin｜>geo.side<｜tool▁sep｜>{JSON_TWO}<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
    ),
    "Kimi": (
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.area:0<|tool_call_argument_begin|>"
        f"{JSON_ONE}<|tool_call_end|>",
        f"<|tool_call_begin|>functions.geo.side:1<|tool_call_argument_begin|>{JSON_TWO}<|tool_call_end|>",
    ),
    "gpt-oss": (
        f"<|channel|>commentary to=functions.area <|constrain|>json<|message|>{JSON_ONE}<|call|>",
        f"<|start|>assistant<|channel|>commentary to=functions.geo.side<|message|>{JSON_TWO}<|call|>",
    ),
    "Mistral": (f"[TOOL_CALLS]area[ARGS]{JSON_ONE}", f"[TOOL_CALLS]geo.side[CALL_ID]a1b2c3[ARGS]{JSON_TWO}</s>"),
    "ReAct": (
        f"Thought: the area.\nAction: area\nAction Input: {JSON_ONE}\nObservation: 50",
        f"\nAction: geo.side\nAction Input: {JSON_TWO}",
    ),
    "Hermes": (
        f'<tool_call>\n{{"name": "area", "arguments": {JSON_ONE}}}\n</tool_call>',
        f'\n<tool_call>\n{{"name": "geo.side", "arguments": {JSON_TWO}}}\n</tool_call><|im_end|>',
    ),
    "lines of Python": ("area(base=10, unit='m')", "\ngeo.side(base=4)"),
    "statements": ("area(base=10, unit='m')", "; geo.side(base=4)"),
    "lines of JSON": (
        f'{{"name": "area", "parameters": {JSON_ONE}}}',
        f'\n{{"type": "function", "name": "geo.side", "parameters": {JSON_TWO}}}<|eom_id|>',
    ),
    "JSON behind a sentence": (
        f'I will call two functions.\n\n[{{"name": "area", "arguments": {JSON_ONE}}}',
        f', {{"name": "geo.side", "arguments": {JSON_TWO}}}]',
    ),
}
"""A first and a second call of each way."""
LISTS = {"JSON behind a sentence": "]"}
"""What ends a first call alone."""
MADE_BY_JSON = {"<|tool_call|>", "[TOOL_CALLS]", "<|python_tag|>", "functools", "functools\n"}
BARE = [{"name": name, "parameters": {"type": "dict", "properties": {}}} for name in ("ping", "geo.pong")]
WITHOUT_ARGUMENTS = {
    "Qwen3-Coder, Llama 3.1, Functionary": "<tool_call>\n<function={0}>\n</function>\n</tool_call>",
    "GLM": "<tool_call>{0}\n</tool_call>",
    "MiniMax, Claude": '<invoke name="{0}">\n</invoke>',
    "DeepSeek": "<｜tool▁call▁begin｜>{0}<｜tool▁sep｜>{{}}<｜tool▁call▁end｜>",
    "Kimi": "<|tool_call_begin|>functions.{0}:0<|tool_call_argument_begin|>{{}}<|tool_call_end|>",
    "gpt-oss": "<|channel|>commentary to=functions.{0} <|message|>{{}}<|call|>",
    "Mistral": "[TOOL_CALLS]{0}[ARGS]{{}}",
    "ReAct": "Action: {0}\nAction Input: {{}}\n",
    "Hermes": '<tool_call>\n{{"name": "{0}", "arguments": {{}}}}\n</tool_call>',
}
TALK = (
    "In Python, functools is a module; I cannot look this up.",
    "functools.partial binds arguments.",
    "import functools\n\nThat is no tool.",
    "The Action Input: field of a form takes what you type.",
    "Action Input: is what an agent writes.",
    "The usage is `tool [OPTIONS] [ARGS]`, and I have no such tool.",
    "tool[ARGS] is its usage.",
    "Let me think. Action: none is needed.",
)
"""Words that marks begin with, in prose."""


def value(text: str, reference: dict[str, object]) -> float | None:
    return Reward("tool_call").score(Sample(text, reference)).value


def test_every_template_is_written_here() -> None:
    assert TEMPLATES.keys() <= WRITTEN.keys()


@pytest.mark.parametrize("name", WRITTEN)
def test_one_and_two_calls(name: str) -> None:
    first, second = WRITTEN[name]
    alone = first + LISTS.get(name, "")
    assert value(alone, ONE) == 1.0
    assert value(first + second, BOTH) == 1.0
    assert value(f"<think>area(base=3)</think>\n{first}{second}", BOTH) == 1.0
    assert value(first + second, ONE) == 0.0 and value(alone, BOTH) == 0.0
    assert value(alone.replace("10", "11"), ONE) == 0.0
    assert value(alone, NONE) == 0.0


@pytest.mark.parametrize("mark", sorted(MADE_BY_JSON))
def test_marks_before_json(mark: str) -> None:
    text = f'{mark}[{{"name": "area", "arguments": {JSON_ONE}}}]'
    assert value(text, ONE) == 1.0 and value(f"{text}<|/tool_call|>", ONE) == 1.0
    assert value(text[:-3], ONE) == 0.0 and value(text[:-3], NONE) == 0.0


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_call_whose_arguments_cannot_be_read_is_a_call(name: str) -> None:
    """Wrong where one is wanted, wrong where none is."""
    first = WRITTEN[name][0]
    broken = first.replace('"base": 10', '"base": ').replace(">10<", "><").replace("\n10\n", "\n")
    assert value(broken, ONE) == 0.0 and value(broken, NONE) == 0.0


BROKEN_SECOND = {
    "no name": ("geo.side", ""),
    "a name of two words": ("geo.side", "geo side!"),
}


@pytest.mark.parametrize("damage", BROKEN_SECOND)
@pytest.mark.parametrize("name", [*TEMPLATES, "Hermes", "lines of JSON"])
def test_a_second_call_that_cannot_be_read_is_not_dropped(name: str, damage: str) -> None:
    first, second = WRITTEN[name]
    text = first + second.replace(*BROKEN_SECOND[damage])
    assert value(text, ONE) == 0.0 and value(text, NONE) == 0.0


@pytest.mark.parametrize("name", ["Qwen3-Coder, Llama 3.1, Functionary", "GLM", "MiniMax, Claude"])
@pytest.mark.parametrize("damage", ["never closed", "twice"])
def test_an_argument_that_cannot_be_read_is_not_dropped(name: str, damage: str) -> None:
    first = WRITTEN[name][0]
    closing = next(end for end in ("</parameter>", "</arg_value>") if end in first)
    other = first.replace("10", "m", 1).replace("base", "unit", 1)
    text = first[::-1].replace(closing[::-1], "", 1)[::-1] if damage == "never closed" else other
    assert text != first and value(text, ONE) == 0.0 and value(text, NONE) == 0.0


@pytest.mark.parametrize("name", WITHOUT_ARGUMENTS)
def test_calls_without_arguments_are_read(name: str) -> None:
    one, other = (WITHOUT_ARGUMENTS[name].format(tool["name"]) for tool in BARE)
    both = {"possible_answers": [{"ping": {}}, {"geo.pong": {}}], "tools": BARE}
    alone = {**both, "possible_answers": [{"ping": {}}]}
    assert value(one, alone) == 1.0 and value(other, alone) == 0.0 and value(one, {**NONE, "tools": BARE}) == 0.0
    assert value(f"{one}\n{other}", both) == 1.0 and value(f"{one}\n{other}", alone) == 0.0


def test_every_template_is_written_without_arguments() -> None:
    assert TEMPLATES.keys() <= WITHOUT_ARGUMENTS.keys()


@pytest.mark.parametrize("text", TALK)
def test_a_mark_that_is_a_word_is_one_only_before_a_call(text: str) -> None:
    assert value(text, NONE) == 1.0


@pytest.mark.parametrize("key", ["arguments", "parameters", "input"])
@pytest.mark.parametrize("arguments", ["[]", "0", "false", "0.0", "[1]", "true"])
def test_arguments_that_are_no_object_are_a_broken_call(arguments: str, key: str) -> None:
    reference = {"possible_answers": [{"ping": {}}], "tools": BARE}
    text = f'{{"name": "ping", "{key}": {arguments}}}'
    call = [{"role": "assistant", "tool_calls": [{"function": {"name": "ping", key: json.loads(arguments)}}]}]
    for completion in (text, call):
        assert Reward("tool_call").score(Sample(completion, reference)).value == 0.0
        assert Reward("tool_call").score(Sample(completion, {**NONE, "tools": BARE})).value == 0.0


def test_null_hides_no_arguments() -> None:
    assert value(f'{{"name": "area", "arguments": null, "parameters": {JSON_ONE}}}', ONE) == 1.0
    assert value(f'{{"name": "area", "arguments": {{}}, "parameters": {JSON_ONE}}}', ONE) == 0.0
    assert value(f'{{"name": "area", "arguments": {JSON_ONE}, "parameters": {JSON_ONE}}}', ONE) == 1.0


@pytest.mark.parametrize("arguments", ["{}", "null", '"{}"', '""'])
def test_a_call_without_arguments(arguments: str) -> None:
    tools = [{"name": "ping", "parameters": {"type": "dict", "properties": {}}}]
    reference = {"possible_answers": [{"ping": {}}], "tools": tools}
    assert value(f'{{"name": "ping", "arguments": {arguments}}}', reference) == 1.0
    assert value('{"name": "ping"}', reference) == 1.0


@pytest.mark.parametrize(
    "mark", ["<invoke name=", "<function=", "<｜tool▁call▁begin｜>", "[TOOL_CALLS]", "<|tool_call_begin|>"]
)
def test_much_of_a_mark_is_read_in_no_time(mark: str) -> None:
    text = (mark + "a" * 20) * (20_000 // (len(mark) + 20))
    assert value(text, ONE) == 0.0
