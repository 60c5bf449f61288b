"""What a model could do to a format reward: stop its clock, escape its 0, or be punished for the reference's fault."""

import pytest
from helpers.bounded import bounded

from holdfast.errors import UsageError
from holdfast.reward import Reward
from holdfast.sample import Outcome, Sample, Score, final_text

BOUND = 10.0
"""Seconds: far above what is measured, far below the minutes it was."""


@pytest.mark.parametrize("blank", [" ", "\t"])
def test_markdown_reads_a_line_of_blanks_in_linear_time(blank: str) -> None:
    with bounded(BOUND):
        score = Reward("markdown_format").score(Sample("|\n" + blank * 50_000 + "x|\n", {"tables": 1}))
        assert score.value == 0.0


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("| a | b |\n| --- | :-: |\n| 1 | 2 |", 1.0),
        ("a | b\n---|---\n1 | 2", 1.0),
        ("| a |\n|---|\n| 1 |", 1.0),
        ("| a | b |\n| --- |\n| 1 | 2 |", 0.0),
        ("| a | b |\n| --- | x |\n| 1 | 2 |", 0.0),
        ("| a | b |\n||---|\n", 0.0),
    ],
)
def test_markdown_tables(text: str, value: float) -> None:
    assert Reward("markdown_format").score(Sample(text, {"tables": 1})).value == value


PATTERNED = {"patternProperties": {"^(a+)+$": {"type": "integer"}}, "additionalProperties": False}


@pytest.mark.parametrize(
    ("text", "schema", "value"),
    [
        ('{"' + "a" * 60 + '!": 1}', PATTERNED, 0.0),
        ('{"aa": 1}', PATTERNED, 1.0),
        ('{"aa": "1"}', PATTERNED, 0.0),
        ('{"a": 1, "b": 2}', {"properties": {"a": {}}, "additionalProperties": {"type": "integer"}}, 1.0),
        ('{"a": 1, "b": "2"}', {"properties": {"a": {}}, "additionalProperties": {"type": "integer"}}, 0.0),
        ("1e999", {"multipleOf": 0.01}, 0.0),
        ("1" + "0" * 400, {"multipleOf": 0.01}, 0.0),
        ("-1e999", {"maximum": 5}, 0.0),
    ],
)
def test_json_in_bounded_time_and_never_our_error(text: str, schema: object, value: float) -> None:
    with bounded(BOUND):
        score = Reward("json_format").score(Sample(text, schema))
        assert (score.value, score.outcome is Outcome.ERROR) == (value, False), score.reason


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "http://example.org/schema"},
        {"$ref": "#/$defs/none"},
        {"$ref": "#"},
        {"patternProperties": {"a": {}}, "unevaluatedProperties": False},
    ],
)
def test_a_schema_that_cannot_be_applied_is_the_references_fault(schema: object) -> None:
    assert Reward("json_format").score(Sample('{"a": 1}', schema)).outcome is Outcome.UNJUDGEABLE


@pytest.mark.parametrize("name", ["reason", "correct", "extracted", "value", "cls", "self"])
def test_a_part_may_have_any_name(name: str) -> None:
    score = Reward("xml_format").score(Sample(f"<a><{name}>1</{name}></a>", [name]))
    assert (score.value, score.parts[name]) == (1.0, 1.0)
    tags = Reward("format_tags", tags=[name, "answer"])
    assert tags.score(Sample(f"<{name}>so</{name}><answer>1</answer>")).value == 1.0
    assert Score.share(0.5, "half", None, **{name: 0.5}).parts == {name: 0.5}


def test_ten_thousand_citations_are_compared_quickly() -> None:
    text = " ".join(f"[{number}]" for number in range(1, 10_000))
    with bounded(BOUND):
        assert Reward("citation").score(Sample(text * 3, 9_999)).value == 1.0


@pytest.mark.parametrize(
    ("completion", "text"),
    [
        ([{"role": "assistant", "content": ["The answer ", {"type": "text", "text": "is 4."}]}], "The answer is 4."),
        ([{"role": "assistant", "content": None}], ""),
        ([{"role": "assistant", "content": [{"type": "image"}]}], ""),
        ([{"role": "user", "content": "4"}], ""),
        ([], ""),
    ],
)
def test_text_of_unusual_messages(completion: list[dict[str, object]], text: str) -> None:
    assert final_text(completion) == text


def test_one_malformed_completion_leaves_the_others_of_a_batch_their_verdicts() -> None:
    broken = Sample([{"role": "assistant", "content": [7]}], "4")
    scores = Reward("math").score_batch([Sample("\\boxed{4}", "4"), broken, Sample("\\boxed{5}", "4")])
    assert [score.value for score in scores] == [1.0, None, 0.0]
    assert scores[1].outcome is Outcome.ERROR


ANSWER = {"reward": "exact_match"}


def test_equal_values_of_a_group_are_zero_whatever_the_rounding() -> None:
    reward = Reward("group_normalized", of={"answer": {"reward": "scale", "of": {"a": ANSWER}, "factor": 0.1}})
    for count in range(2, 12):
        assert {score.value for score in reward.score_batch([Sample("4", "4")] * count)} == {0.0}
    mixed = reward.score_batch([Sample("4", "4"), Sample("5", "4"), Sample("4", "4"), Sample("4", None)])
    assert [score.value is None for score in mixed] == [False, False, False, True]


@pytest.mark.parametrize(("judged", "missing"), [(0.0, 1.0), (1.0, -1.0), (2.0, 1.0)])
def test_a_part_without_a_value_never_becomes_a_zero(judged: float, missing: float) -> None:
    of = {"a": {**ANSWER, "weight": judged}, "b": {"reward": "numeric", "weight": missing}}
    right = Reward("weighted_sum", of=of, missing="skip").score(Sample("Paris", "Paris"))
    assert right.value == (None if judged == 0 else pytest.approx(abs(judged) + abs(missing)))
    assert Reward("weighted_sum", of=of).score(Sample("Paris", "Paris")).value is None
    assert Reward("gate", of=of).score(Sample("Paris", "Paris")).value is None


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("weighted_sum", {"of": {"a": {**ANSWER, "weight": float("nan")}}}),
        ("weighted_sum", {"of": {"a": {**ANSWER, "weight": "2"}}}),
        ("clip", {"of": {"a": ANSWER}, "low": 2.0, "high": 1.0}),
        ("clip", {"of": {"a": ANSWER, "b": ANSWER}}),
        ("scale", {"of": {"a": ANSWER}, "factor": float("inf")}),
        ("group_normalized", {"of": {"a": ANSWER, "b": ANSWER}}),
    ],
)
def test_a_composites_mistakes_are_found_when_it_is_made(name: str, options: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Reward(name, **options)


def test_a_composite_takes_made_rewards() -> None:
    reward = Reward(
        "gate", of={"format": Reward("length", maximum=3), "answer": Reward("exact_match", ignore_case=True)}
    )
    assert reward.score(Sample("PARIS", "Paris")).value == 1.0
    assert reward.score(Sample("Paris it is, I think", "Paris")).value == 0.0
