"""Tool calls: the leaderboard's recorded verdicts, every gold answer, every syntax, hostile text."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from helpers.paths import shared
from hypothesis import given
from hypothesis import strategies as st

from holdfast import Outcome, Reward, Sample
from holdfast.rewards.tool_call import _REFERENCE

V1 = (
    "simple",
    "java",
    "javascript",
    "multiple_function",
    "parallel_function",
    "parallel_multiple_function",
    "relevance",
)
V4 = [
    "simple_python",
    "simple_java",
    "simple_javascript",
    "multiple",
    "parallel",
    "parallel_multiple",
    "live_simple",
    "live_multiple",
    "live_parallel",
    "live_parallel_multiple",
]
MODELS = ("gpt-4o-2024-05-13", "gorilla-openfunctions-v2")

LABEL_EXCEPTIONS: dict[str, str] = {}
"""Recorded rows that we judge otherwise, and why. None."""


def _lines(path: Path) -> list[dict[str, Any]]:
    opener: Any = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as stream:
        return [json.loads(line) for line in stream if line.strip()]


def _by_id(path: Path) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in _lines(path)}


def _v1_references(category: str) -> dict[str, dict[str, Any]]:
    name = f"gorilla_openfunctions_v1_test_{category}.json"
    tasks = _by_id(shared("bfcl", "v1_20240811", name))
    answers = _by_id(shared("bfcl", "v1_20240811", "possible_answer", name)) if category != "relevance" else {}
    return {
        key: {
            "possible_answers": answers.get(key, {}).get("ground_truth"),
            "tools": task["function"],
            "category": category,
        }
        for key, task in tasks.items()
    }


@pytest.mark.parametrize("category", V1)
@pytest.mark.parametrize("model", MODELS)
def test_recorded_verdicts_of_the_leaderboard_row_by_row(model: str, category: str) -> None:
    references = _v1_references(category)
    folder = shared("bfcl", "recorded_v1_20240811")
    results = _lines(folder / "result" / model / f"gorilla_openfunctions_v1_test_{category}_result.json")
    summary, *wrong = _lines(folder / "score" / model / f"{category}_score.json")
    wrong_rows = {row["id"] for row in wrong}
    reward = Reward("tool_call", syntax="python", broken_calls="none")
    scores = reward.score_batch([Sample(row["result"], references[row["id"]]) for row in results])
    ours = {number: score.value == 1.0 for number, score in enumerate(scores, start=1)}
    differing = [
        (results[number - 1]["id"], scores[number - 1].reason)
        for number, correct in ours.items()
        if correct == (number in wrong_rows) and f"{model}/{results[number - 1]['id']}" not in LABEL_EXCEPTIONS
    ]
    assert not differing
    assert sum(ours.values()) == summary["correct_count"]


def _gold(answer: dict[str, Any], tools: Any) -> dict[str, Any]:
    """A call that takes the first accepted value of every parameter that is required or not optional."""
    ((name, parameters),) = answer.items()
    tool = next(tool for tool in (tools if isinstance(tools, list) else [tools]) if tool["name"] == name)
    required = tool["parameters"].get("required", [])
    return {
        "name": name,
        "arguments": {k: _first(v) for k, v in parameters.items() if k in required or "" not in v},
    }


def _first(values: Any) -> Any:
    if not isinstance(values, list):
        return values
    value = next((value for value in values if value != ""), "")
    if isinstance(value, dict):
        return _plain(value)
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _plain(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    inner = {key: _plain(value) if isinstance(value, dict) else _first(value) for key, value in item.items()}
    return {key: value for key, value in inner.items() if value != ""}


GOLD_EXCEPTIONS = {
    "simple_java_64": "its answer is a bare text, which the leaderboard reads as its letters",
    "live_simple_106-63-0": "accepts no value at all for a required argument",
    "live_simple_112-68-0": "accepts no value at all for a required argument",
    "live_multiple_862-181-3": "its answer has an argument that the tool's schema lacks",
    "live_multiple_964-207-0": "its answer lacks an argument that the tool requires",
}


@pytest.mark.parametrize("category", V4)
def test_gold_answers_are_right_and_a_changed_one_is_not(category: str) -> None:
    tasks = shared("bfcl", "v4", f"BFCL_v4_{category}.json" + (".gz" if category == "live_multiple" else ""))
    answers = _by_id(shared("bfcl", "v4", "possible_answer", f"BFCL_v4_{category}.json"))
    reward = Reward("tool_call")
    wrong = []
    for task in _lines(tasks):
        truth = answers[task["id"]]["ground_truth"]
        reference = {"possible_answers": truth, "tools": task["function"], "category": category}
        calls = [_gold(answer, task["function"]) for answer in truth]
        score = reward.score(Sample(json.dumps(calls), reference))
        if (score.value != 1.0) != (task["id"] in GOLD_EXCEPTIONS):
            wrong.append((task["id"], score.reason))
        spoiled = [{**calls[0], "name": calls[0]["name"] + "_x"}, *calls[1:]]
        assert reward.score(Sample(json.dumps(spoiled), reference)).value == 0.0
        assert reward.score(Sample(json.dumps([*calls, calls[0]]), reference)).value == 0.0
    assert not wrong


SYNTAXES = {
    "python": "[triangle_area(base=10, height=5)]",
    "python without brackets": "triangle_area(base=10, height=5, unit='Units')",
    "json": '[{"name": "triangle_area", "arguments": {"base": 10, "height": 5}}]',
    "json object": '{"name": "triangle_area", "parameters": {"base": 10, "height": 5}}',
    "json by name": '[{"triangle_area": {"base": 10, "height": 5}}]',
    "chat markup": 'So:\n<tool_call>\n{"name": "triangle_area", "arguments": {"base": 10, "height": 5}}\n</tool_call>',
    "python tag": '<|python_tag|>{"name": "triangle_area", "parameters": {"base": 10, "height": 5}}',
    "mistral": '[TOOL_CALLS][{"name": "triangle_area", "arguments": {"base": 10, "height": 5}}]',
    "fenced": "```python\ntriangle_area(base=10, height=5)\n```",
    "after thinking": "<think>maybe f(x=1)</think>\n[triangle_area(base=10, height=5)]",
}


@pytest.mark.parametrize("text", SYNTAXES.values(), ids=SYNTAXES)
def test_every_syntax_is_read(text: str) -> None:
    assert Reward("tool_call").score(Sample(text, _REFERENCE)).value == 1.0


def test_the_calls_of_an_assistant_message_are_read() -> None:
    call = {"type": "function", "function": {"name": "triangle_area", "arguments": '{"base": 10, "height": 5}'}}
    completion = [{"role": "assistant", "content": "", "tool_calls": [call]}, {"role": "tool", "content": "25"}]
    assert Reward("tool_call").score(Sample(completion, _REFERENCE)).value == 1.0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("I would compute the area.", "not calls"),
        ("[triangle_area(base=10.0, height=5)]", "expected int"),
        ("[triangle_area(base=True, height=5)]", "expected int"),
        ("[triangle_area(base=10)]", "required argument 'height' is missing"),
        ("[triangle_area(base=10, height=5, colour='red')]", "unexpected argument 'colour'"),
        ("[triangle_area(10, height=5)]", "without a name"),
        ("[triangle_area(base=10, height=5), triangle_area(base=10, height=5)]", "2 calls, expected 1"),
        ("[triangle_area(base=__import__('os').getpid(), height=5)]", ""),
    ],
)
def test_a_wrong_call_says_why(text: str, reason: str) -> None:
    score = Reward("tool_call").score(Sample(text, _REFERENCE))
    assert score.value == 0.0
    assert reason in score.reason


ONE = '{"name": "play", "arguments": {"artist": "A"}}'
TWO = '{"name": "play", "arguments": {"artist": "B"}}'
FENCED = {
    "two blocks of JSON": (f"First:\n```json\n{ONE}\n```\nthen:\n```json\n{TWO}\n```", 1.0),
    "two blocks of Python": ("```python\nplay(artist='A')\n```\n\n```python\nplay(artist='B')\n```", 1.0),
    "JSON and Python": (f"```json\n{ONE}\n```\n```python\nplay(artist='B')\n```", 1.0),
    "an array and its repetition": (f"```json\n[{ONE}, {TWO}]\n```\nOnce more:\n```json\n{TWO}\n```", 1.0),
    "a plan before them": (f"```text\nplay A, then B\n```\n```json\n[{ONE}, {TWO}]\n```", 1.0),
    "a result behind them": (
        f'```json\n[{ONE}, {TWO}]\n```\nso:\n```json\n{{"name": "A", "plays": 3}}\n```',
        1.0,
    ),
    "a result of another shape": (f'```json\n[{ONE}, {TWO}]\n```\n```json\n{{"result": {{"plays": 3}}}}\n```', 1.0),
    "code behind them": (f"```json\n[{ONE}, {TWO}]\n```\n```python\nprint(play(artist='A'))\nmain()\n```", 1.0),
    "one too many": (f"```json\n[{ONE}, {TWO}]\n```\n```json\n{ONE.replace('A', 'C')}\n```", 0.0),
    "one too few": (f"```json\n{ONE}\n```\n```json\n{ONE}\n```", 0.0),
    "a broken one beside them": (f"```json\n[{ONE}, {TWO}]\n```\n```json\n{ONE[:-2]}\n```", 0.0),
}


@pytest.mark.parametrize(("text", "value"), FENCED.values(), ids=FENCED)
def test_calls_in_several_fenced_blocks(text: str, value: float) -> None:
    tool = {"name": "play", "parameters": {"type": "dict", "properties": {"artist": {"type": "string"}}}}
    reference = {
        "possible_answers": [{"play": {"artist": ["A"]}}, {"play": {"artist": ["B"]}}],
        "tools": [tool],
        "category": "parallel",
    }
    score = Reward("tool_call").score(Sample(text, reference))
    assert score.value == value, score


def test_calls_that_fit_two_answers_are_matched_not_grabbed() -> None:
    """The leaderboard takes the first fit, and then finds none for the narrower answer."""
    tool = {
        "name": "play",
        "parameters": {"type": "dict", "properties": {"artist": {"type": "string"}}, "required": []},
    }
    reference = {
        "possible_answers": [{"play": {"artist": ["A", "B"]}}, {"play": {"artist": ["A"]}}],
        "tools": [tool],
        "category": "parallel",
    }
    for text in ("[play(artist='A'), play(artist='B')]", "[play(artist='B'), play(artist='A')]"):
        assert Reward("tool_call").score(Sample(text, reference)).value == 1.0
    assert Reward("tool_call").score(Sample("[play(artist='B'), play(artist='B')]", reference)).value == 0.0


@pytest.mark.parametrize(
    ("category", "text", "value"),
    [
        ("irrelevance", "I cannot do that.", 1.0),
        ("irrelevance", "[]", 1.0),
        ("irrelevance", "[f(x=1)]", 0.0),
        ("live_irrelevance", "[f(x=1)]", 0.0),
        ("live_relevance", "[f(x=1)]", 1.0),
        ("live_relevance", "I cannot do that.", 0.0),
    ],
)
def test_relevance(category: str, text: str, value: float) -> None:
    assert Reward("tool_call").score(Sample(text, {"category": category, "tools": []})).value == value


TALK = [
    "None of the functions fits. A call such as triangle_area(base=1, height=2) would give an area.",
    "triangle_area(base=1, height=2) would not help here.",
    "I cannot: `triangle_area(base=1)` needs numbers that you did not give.",
    "The tool triangle_area is about areas.",
    "triangle_area (base and height) is all I have.",
    "For example: triangle_area(base=1, height=2)",
]
CALLS = [
    "For example:\n```python\ntriangle_area(base=1, height=2)\n```\nbut no function fits.",
    "For example:\n\n```\n[triangle_area(base=1, height=2)]\n```",
    "triangle_area(base=1, height=2)",
]
BROKEN = [
    "triangle_area(base=1, height=",
    "[triangle_area(base=1",
    "Sure:\n\ntriangle_area(base=1, height=2)",
    "Here:\n```python\ntriangle_area(base=1,\n```",
    "`triangle_area(1, 2)`",
    '{"name": "triangle_area", "arguments": {"base": 1',
    "<tool_call>triangle_area</tool_call>",
]


@pytest.mark.parametrize("text", [*TALK, *CALLS, *BROKEN])
@pytest.mark.parametrize("syntax", ["auto", "python"])
def test_what_is_a_call_where_none_is_wanted(text: str, syntax: str) -> None:
    """What would be read as a call is one; what fails to be one is by our convention one too, by BFCL's none."""
    reference = {**_REFERENCE, "category": "irrelevance"}
    ours = Reward("tool_call", syntax=syntax).score(Sample(text, reference))
    assert ours.value == (1.0 if text in TALK else 0.0), ours
    theirs = Reward("tool_call", syntax="python", broken_calls="none").score(Sample(text, reference))
    assert theirs.value == (0.0 if text == CALLS[2] else 1.0), theirs


@pytest.mark.parametrize(
    "reference",
    [None, "f(x=1)", {}, {"possible_answers": [], "tools": []}, {"possible_answers": [{"f": {}}], "tools": ["f"]}],
)
def test_a_bad_reference_is_unjudgeable(reference: Any) -> None:
    assert Reward("tool_call").score(Sample("[f(x=1)]", reference)).outcome is Outcome.UNJUDGEABLE


HOSTILE = [
    "[" * 19_000,
    "f(a=" * 4_000,
    "-" * 19_000 + "1",
    "f(a=" + "9" * 15_000 + ")",
    "f(a=" + "[1," * 40 + "]" * 40 + ")",
    '{"a":' * 3_000,
    "new ArrayList<>(Arrays.asList(" * 600,
    "f(a=" + "[[],"[:3] * 5_000 + ")",
    "f(" + "a.b" * 6_000 + "=1)",
    "f(a=b" + ".c" * 9_000 + ")",
    "f(a=x" + "+x" * 9_000 + ")",
    "f(a=" + "not " * 4_000 + "x)",
]


@pytest.mark.parametrize("category", ["simple", "java", "javascript"])
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_wrong_and_quick(text: str, category: str) -> None:
    score = Reward("tool_call").score(Sample(text, {**_REFERENCE, "category": category}))
    assert score.value == 0.0


@given(st.text(alphabet="f(a=1,)[]{}'\"\\ \n:", max_size=60))
def test_any_text_gets_a_verdict(text: str) -> None:
    for category in ("simple", "java", "javascript", "irrelevance"):
        assert Reward("tool_call").score(Sample(text, {**_REFERENCE, "category": category})).value is not None
