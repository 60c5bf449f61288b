"""The format rewards: what passes, what fails and why, and the traps of each."""

from typing import Any

import pytest

from holdfast import Outcome, Reward, Sample, UsageError


def _score(name: str, text: str, reference: Any = None, **options: Any) -> tuple[float | None, str]:
    score = Reward(name, **options).score(Sample(text, reference))
    return score.value, score.reason


@pytest.mark.parametrize(
    ("text", "value", "reason"),
    [
        ("<think>a</think><answer>b</answer>", 1, "well formed"),
        ("  <think>a</think>\n\n<answer>b</answer>\n", 1, "well formed"),
        ("a</think><answer>b</answer>", 1, "well formed"),
        ("<think>\n</think><answer>b</answer>", 0, "<think> is empty"),
        ("<think>a</think>x<answer>b</answer>", 0, "before or between"),
        ("<think>a</think><answer>b</answer>x", 0, "after the last tag"),
        ("<answer>b</answer><think>a</think>", 0, "out of order"),
        ("<think>a</think><answer>b", 0, "</answer> missing"),
        ("<think>a<think>b</think><answer>b</answer>", 0, "more than once"),
        ("", 0, "missing"),
    ],
)
def test_format_tags(text: str, value: float, reason: str) -> None:
    found, why = _score("format_tags", text)
    assert found == value
    assert reason in why


def test_format_tags_options() -> None:
    assert _score("format_tags", "a</think><answer>b</answer>", templated=False)[0] == 0
    assert _score("format_tags", "<think>a</think> b", tags=["think"], outside="after")[0] == 1
    assert _score("format_tags", "<think>a</think> ", tags=["think"], outside="after")[0] == 0
    assert Reward("format_tags").score(Sample("<think>a</think>")).parts["think"] == 1.0
    with pytest.raises(UsageError, match="twice"):
        Reward("format_tags", tags=["a", "a"])


def test_regex_is_bounded_where_re_would_hang() -> None:
    score = Reward("regex", pattern=r"(a+)+$", timeout=0.2).score(Sample("a" * 5000 + "b"))
    assert (score.value, score.outcome) == (0.0, Outcome.TIMEOUT)


def test_regex() -> None:
    assert _score("regex", "Total: 5", r"Total: \d")[0] == 1
    assert _score("regex", "Total: 5", r"\d", where="start")[0] == 0
    assert _score("regex", "Total: 5", r"Total: \d", where="whole")[0] == 1
    assert _score("regex", "oh no", pattern="no", present=False)[0] == 0
    assert _score("regex", "x=1 x=2", "2", pattern=r"x=(\d)", compare=True)[0] == 1
    assert _score("regex", "x=1 x=2", "1", pattern=r"x=(\d)", compare=True)[0] == 0
    assert _score("regex", "anything", "(unclosed")[0] is None
    with pytest.raises(UsageError, match="regular expression"):
        Reward("regex", pattern="(")


@pytest.mark.parametrize(("count", "value"), [(0, 0.0), (1, 1.0), (6, 1.0), (7, 0.75), (8, 0.5), (10, 0.0), (11, 0.0)])
def test_length_falls_as_dapos_penalty_does(count: int, value: float) -> None:
    assert _score("length", "w " * count, maximum=10, buffer=4)[0] == value
    assert _score("length", "w " * count, maximum=10, buffer=4, penalty=True)[0] == value - 1


def test_length_units_and_limits() -> None:
    assert _score("length", "abc", maximum=3, unit="characters")[0] == 1
    assert _score("length", "one two", {"minimum": 3})[0] == 0
    score = Reward("length", unit="tokens", maximum=5).score(Sample("any", info={"tokens": 7}))
    assert score.value == 0.0
    assert _score("length", "any", unit="tokens")[0] is None
    with pytest.raises(UsageError, match="minimum"):
        Reward("length", minimum=5, maximum=3)


SCHEMA = {
    "type": "object",
    "required": ["items"],
    "properties": {"items": {"type": "array", "uniqueItems": True, "items": {"type": "integer"}}},
}


@pytest.mark.parametrize(
    ("text", "value", "reason"),
    [
        ('{"items": [1, 2]}', 1, "fits"),
        ('```json\n{"items": []}\n```', 1, "fits"),
        ('<think>[</think>{"items": [1]}', 1, "fits"),
        ('{"items": [1, "x"]}', 0, "$.items[1]"),
        ('{"items": [1, 1]}', 0, "$.items"),
        ("{}", 0, "'items' is a required property"),
        ('{"items": [1]} and more', 0, "not JSON"),
        ('{"items": [NaN]}', 0, "NaN"),
        ('{"items": [], "items": []}', 0, "twice"),
        ("[" * 500 + "]" * 500, 0, "nested"),
        ('{"items": [' + "9" * 5000 + "]}", 0, "not JSON"),
        ("", 0, "not JSON"),
    ],
)
def test_json_format(text: str, value: float, reason: str) -> None:
    found, why = _score("json_format", text, SCHEMA)
    assert found == value
    assert reason in why


def test_json_format_fences_and_schemas() -> None:
    assert _score("json_format", "[1]", fence="required")[0] == 0
    assert _score("json_format", "```json\n[1]\n```", fence="forbidden")[0] == 0
    assert _score("json_format", "So:\n```json\n[1]\n```\ndone", fence="anywhere")[0] == 1
    assert _score("json_format", "[1]", '{"type": "array"}')[0] == 1
    assert _score("json_format", "[1]", "no schema")[0] is None
    assert _score("json_format", "[1]", {"type": "nonsense"})[0] is None
    assert "refers to" in _score("json_format", "[1]", {"$ref": "http://example.org/none"})[1]
    with pytest.raises(UsageError, match="JSON Schema"):
        Reward("json_format", schema={"type": 3})


def test_a_schemas_pattern_cannot_hang_on_the_completion() -> None:
    slow = {"items": {"pattern": "(a+)+$"}}
    score = Reward("json_format", schema=slow).score(Sample('["' + "a" * 5000 + 'b"]'))
    assert score.outcome is Outcome.TIMEOUT


@pytest.mark.parametrize(
    ("text", "value", "reason"),
    [
        ("<a><city>Paris</city></a>", 1, "well formed"),
        ("```xml\n<a><city/></a>\n```", 1, "well formed"),
        ("<a><b>Paris</b></a>", 0, "missing <city>"),
        ("<a><city>Paris</a>", 0, "mismatched tag"),
        ("<a><city/></a> and", 0, "junk"),
        ('<!DOCTYPE a [<!ENTITY x "y">]><a><city>&x;</city></a>', 0, "document type"),
        ("<a>" * 300, 0, "nested deeper"),
        ("<a>\ud800</a>", 0, "not accepted"),
    ],
)
def test_xml_format(text: str, value: float, reason: str) -> None:
    found, why = _score("xml_format", text, ["city"])
    assert found == value
    assert reason in why
    assert _score("xml_format", text, ["city"], root="z")[0] == 0


@pytest.mark.parametrize(
    ("text", "reference", "value", "reason"),
    [
        ("# A\n## B\n* x\n1. y", {"headings": 2, "bullets": 1, "numbered": 1}, 1, ""),
        ("# A\n### B", {"headings": 2}, 0, "level 3 follows level 1"),
        ("```py\n# no heading\n```", {"headings": 1}, 0, "0 headings"),
        ("```py\nx", None, 0, "not closed"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", {"tables": 1}, 1, ""),
        ("| a | b |\n|---|---|\n| 1 |", {"tables": 1}, 0, "a table row has 1 cells"),
        ("plain", None, 0, "no heading"),
        ("plain", {"nonsense": 1}, None, "count some of"),
    ],
)
def test_markdown_format(text: str, reference: Any, value: float | None, reason: str) -> None:
    found, why = _score("markdown_format", text, reference)
    assert found == value
    assert reason in why


def test_repetition() -> None:
    assert _score("repetition", "every word here is new to you")[0] == 1
    assert _score("repetition", "no no no no no no no no")[0] == 0
    assert _score("repetition", "")[0] == 0
    assert _score("repetition", "好" * 50, unit="characters")[0] == 0
    value, _ = _score("repetition", "a b a b a b c d e f", n=2, limit=0.1, graded=True)
    assert value is not None and 0 < value < 1


@pytest.mark.parametrize(
    ("text", "refuses"),
    [
        ("I'm sorry, but I can't help with that.", True),
        ("As an AI language model, I cannot provide that.", True),
        ("I must respectfully decline.", True),
        ("I cannot assist you with this request", True),
        ("<think>I cannot help?</think>Paris.", False),
        ("I cannot recommend this museum enough... no, I can!", True),
        ("You can't go wrong with Paris.", False),
        ("I am sorry for your loss. Here is a plan.", False),
    ],
)
def test_no_refusal(text: str, refuses: bool) -> None:
    assert _score("no_refusal", text)[0] == float(not refuses)
    assert _score("no_refusal", text, True)[0] == float(refuses)
    assert _score("no_refusal", "", True)[0] == 0


@pytest.mark.parametrize(
    ("text", "reference", "options", "value"),
    [
        ("So it is [1].", None, {}, 1),
        ("So it is [1, 3-4].", 4, {"minimum": 3}, 1),
        ("So it is [5].", 4, {}, 0),
        ("So it is (Smith et al., 2020).", None, {"style": "author"}, 1),
        ("Smith and Jones (2020) say so.", None, {"style": "author"}, 1),
        ("See https://example.org/a.", ["https://example.org/a"], {"style": "link"}, 1),
        ("See https://example.org/b.", ["https://example.org/a"], {}, 0),
        ("[text](http://x.org) is a link", None, {"style": "number"}, 0),
        ("It is so [1].", "?", {}, None),
    ],
)
def test_citation(text: str, reference: Any, options: dict[str, Any], value: float | None) -> None:
    assert _score("citation", text, reference, **options)[0] == value
