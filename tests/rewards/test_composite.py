"""Composites: values, short cuts, missing judgements, routing, nesting, TRL's logs."""

import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast import Outcome, Reward, Sample, Score, UsageError, register

CALLS: list[int] = []


@register("test_counted", scope="batch", needs_reference=False)
def counted(samples: list[Sample]) -> list[Score]:
    """Remembers how many samples reached it; the value is what the row says."""
    CALLS.append(len(samples))
    return [Score.error("down") if s.info.get("v") is None else Score.share(float(s.info["v"])) for s in samples]


OF = {"form": {"reward": "regex", "pattern": r"\[.*\]"}, "value": {"reward": "test_counted"}}


def _samples(*values: float | None) -> list[Sample]:
    return [Sample("[x]", info={"v": value}) for value in values]


def test_weighted_sum_adds_weighted_parts_and_names_them() -> None:
    of = {"a": {"reward": "test_counted", "weight": 0.5}, "b": {"reward": "exact_match", "weight": 2, "reference": "g"}}
    score = Reward("weighted_sum", of=of).score(Sample("x", info={"v": 0.5, "g": "x"}))
    assert score.value == 2.25
    assert score.parts == {"a": 0.5, "b": 1.0}


@pytest.mark.parametrize(("missing", "expected"), [("none", None), ("skip", 3.0)])
def test_a_part_that_cannot_be_judged(missing: str, expected: float | None) -> None:
    of = {"a": {"reward": "test_counted"}, "b": {"reward": "exact_match", "weight": 2, "reference": "g"}}
    score = Reward("weighted_sum", of=of, missing=missing).score(Sample("x", info={"v": None, "g": "x"}))
    assert score.value == expected
    assert score.parts["a"] is None
    assert (score.outcome is Outcome.ERROR) == (expected is None)


def test_gate_runs_later_parts_only_on_what_passed() -> None:
    CALLS.clear()
    of = {"form": {"reward": "exact_match", "reference": "g"}, "value": {"reward": "test_counted"}}
    samples = [Sample(text, info={"v": 0.5, "g": "x"}) for text in ("x", "y", "x")]
    assert [score.value for score in Reward("gate", of=of).score_batch(samples)] == [0.5, 0.0, 0.5]
    assert CALLS == [2]


def test_gate_without_a_judgement_is_no_zero() -> None:
    score = Reward("gate", of={"value": {"reward": "test_counted"}}).score_batch(_samples(None))[0]
    assert (score.value, score.outcome) == (None, Outcome.ERROR)


MIXED = {
    "words": {"reward": "exact_match", "reference": "answer"},
    "number": {"reward": "numeric", "reference": "answer"},
    "form": {"reward": "test_counted"},
}


def test_route_judges_three_kinds_of_rows_in_order() -> None:
    rows = [
        Sample("Paris", info={"task": "words", "answer": "Paris"}),
        Sample("it is 42.", info={"task": "number", "answer": "42"}),
        Sample("z", info={"task": "form", "v": 0.25}),
        Sample("London", info={"task": "words", "answer": "Paris"}),
        Sample("z", info={"task": "poetry"}),
    ]
    scores = Reward("route", of=MIXED).score_batch(rows)
    assert [score.value for score in scores] == [1.0, 1.0, 0.25, 0.0, None]
    assert "poetry" in scores[4].reason
    defaulted = Reward("route", of=MIXED, default="words")
    assert defaulted.score(Sample("x", info={"task": "poetry", "answer": "x"})).value == 1.0


def test_a_mixture_reaches_trl_with_its_parts_logged_apart() -> None:
    metrics: dict[str, float] = {}
    values = Reward("route", of=MIXED)(
        prompts=["p", "p"],
        completions=["Paris", "41"],
        task=["words", "number"],
        answer=["Paris", "42"],
        log_metric=metrics.__setitem__,
    )
    assert values == [1.0, 0.0]
    assert metrics["route/words"] == 1.0
    assert metrics["route/number"] == 0.0


@pytest.mark.parametrize("std", [True, False])
def test_group_normalized_is_within_the_prompt(std: bool) -> None:
    samples = [Sample("x", prompt=p, info={"v": v}) for p, v in [("p", 1), ("q", 0), ("p", 0), ("q", 0), ("p", None)]]
    scores = Reward("group_normalized", of={"v": {"reward": "test_counted"}}, std=std).score_batch(samples)
    spread = 1.0 if std else 0.5
    assert [score.value for score in scores] == [spread, 0.0, -spread, 0.0, None]


def test_composites_nest_pickle_and_name_their_versions() -> None:
    config: dict[str, Any] = {
        "reward": "clip",
        "high": 0.5,
        "of": {"all": {"reward": "gate", "of": {"v": "test_counted"}}},
    }
    reward = pickle.loads(pickle.dumps(Reward.from_config(config)))
    score = reward.score(Sample("x", info={"v": 1.0}))
    assert (score.value, score.parts) == (0.5, {"all": 1.0, "all/v": 1.0})
    assert reward.version == "2(all=gate@2(v=test_counted@1))"


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("weighted_sum", {"of": {}}, "at least one part"),
        ("weighted_sum", {"of": {"a": "exact_mach"}}, "did you mean 'exact_match'"),
        ("weighted_sum", {"of": {"a": {"reward": "exact_match", "ignorecase": 1}}}, "did you mean 'ignore_case'"),
        ("weighted_sum", {}, "needs the option 'of'"),
        ("route", {"of": MIXED, "default": "word"}, "did you mean 'words'"),
        ("gate", {"of": "math"}, "maps names to rewards"),
    ],
)
def test_a_bad_composite_is_said_when_it_is_made(name: str, options: dict[str, Any], expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        Reward(name, **options)


def test_a_missing_column_of_a_part_is_said() -> None:
    with pytest.raises(UsageError, match="needs the column 'answer'"):
        Reward("route", of=MIXED).score(Sample("x", info={"task": "words"}))


@given(st.lists(st.one_of(st.none(), st.floats(-5, 5)), min_size=1, max_size=8))
def test_a_whole_has_a_value_exactly_when_every_part_has(values: list[float | None]) -> None:
    samples = _samples(*values)
    for name in ("weighted_sum", "gate", "clip", "scale"):
        scores = Reward(name, of={"v": {"reward": "test_counted"}}).score_batch(samples)
        assert [score.value is None for score in scores] == [value is None for value in values]
