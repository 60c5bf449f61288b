"""The core: samples, scores, the registry and Reward."""

import asyncio
import json
import math
import multiprocessing
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast import Outcome, Reward, Sample, Score, UsageError, register
from holdfast.registry import lookup, names


@register("test_always_fails", needs_reference=False)
def always_fails(sample: Sample) -> Score:
    """A reward with a bug."""
    raise ZeroDivisionError("a bug of ours")


@register("test_group_rank", scope="group", needs_reference=False)
def group_rank(samples: list[Sample]) -> list[Score]:
    """The longest completion of a prompt wins."""
    longest = max(len(sample.text) for sample in samples)
    return [Score.of(len(sample.text) == longest) for sample in samples]


def users_own(sample: Sample, *, loud: bool = False) -> Score:
    """A function a user wrote."""
    return Score.of(sample.text.isupper() == loud)


def test_final_text_is_the_last_assistant_message() -> None:
    messages = [
        {"role": "assistant", "content": "first"},
        {"role": "tool", "content": "42"},
        {"role": "assistant", "content": [{"type": "text", "text": "sec"}, {"type": "text", "text": "ond"}]},
        {"role": "user", "content": "thanks"},
    ]
    assert Sample(messages).text == "second"
    assert Sample([]).text == ""
    assert Sample([{"content": "no role"}]).text == "no role"


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_score_without_a_value_is_never_a_zero(outcome: Outcome) -> None:
    unvalued = outcome in (Outcome.UNJUDGEABLE, Outcome.ERROR)
    with pytest.raises(ValueError, match="does not go with"):
        Score(0.0 if unvalued else None, outcome)


def test_a_score_must_be_finite() -> None:
    with pytest.raises(ValueError, match="finite"):
        Score(math.nan, Outcome.PARTIAL)


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("exact_mach", {}, "did you mean 'exact_match'"),
        ("exact_match", {"ignorecase": True}, "did you mean 'ignore_case'"),
        ("exact_match", {"ignore_case": "yes"}, "cannot be 'yes'"),
        ("no_such_package:thing", {}, "cannot load reward"),
    ],
)
def test_a_bad_name_or_option_is_said_when_the_reward_is_made(name: str, options: dict, expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        Reward(name, **options)


def test_a_duplicate_name_is_refused() -> None:
    with pytest.raises(UsageError, match="registered twice"):
        register("exact_match")(users_own)


def test_a_bug_of_ours_is_no_zero(caplog: pytest.LogCaptureFixture) -> None:
    score = Reward("test_always_fails").score(Sample("x"))
    assert (score.value, score.outcome) == (None, Outcome.ERROR)
    assert "a bug of ours" in caplog.text


def test_trl_call_reads_the_reference_column() -> None:
    reward = Reward("exact_match", reference="answer")
    values = reward(prompts=["p", "p"], completions=["Paris", "Rome"], completion_ids=[[1], [2]], answer=["Paris"] * 2)
    assert values == [1.0, 0.0]


def test_trl_call_takes_conversations_and_gives_none_for_a_bad_reference() -> None:
    completions = [[{"role": "assistant", "content": "Paris"}]] * 2
    assert Reward("exact_match")(prompts=["p"] * 2, completions=completions, reference=["Paris", None]) == [1.0, None]


def test_a_missing_column_names_the_columns_there_are() -> None:
    with pytest.raises(UsageError, match=r"column 'answers'.*did you mean 'answer'"):
        Reward("exact_match", reference="answers")(prompts=["p"], completions=["x"], answer=["x"])


def test_trl_logs_reasons_and_unjudged() -> None:
    columns: dict[str, list[str]] = {}
    metrics: dict[str, float] = {}
    reward = Reward("exact_match")
    reward(["p"] * 2, ["a", "b"], reference=["a", None], log_extra=columns.__setitem__, log_metric=metrics.__setitem__)
    assert columns["exact_match/reason"][0] == "equal"
    assert metrics["exact_match/unjudged"] == 0.5


def test_a_group_reward_sees_all_completions_of_a_prompt_whatever_the_order() -> None:
    samples = [Sample("aa", prompt="p"), Sample("b", prompt="q"), Sample("a", prompt="p")]
    assert [score.value for score in Reward("test_group_rank").score_batch(samples)] == [1.0, 1.0, 0.0]


def test_a_users_function_is_a_reward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine_for_test.py").write_text(
        "from holdfast import Sample, Score\n"
        "def strict(sample: Sample, *, loud: bool = False) -> Score:\n"
        "    return Score.of(sample.text.isupper() == loud)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    reward = Reward("mine_for_test:strict", loud=True)
    assert reward.score(Sample("LOUD")).value == 1.0
    with pytest.raises(UsageError, match="did you mean 'loud'"):
        Reward("mine_for_test:strict", lod=True)


def test_from_config_reads_yaml(tmp_path: Path) -> None:
    (tmp_path / "reward.yaml").write_text("reward: exact_match\nignore_case: true\nreference: answer\n")
    reward = Reward.from_config(tmp_path / "reward.yaml")
    assert (reward.reference, reward.options) == ("answer", {"ignore_case": True})
    with pytest.raises(UsageError, match="needs the key 'reward'"):
        Reward.from_config({"rewards": "math"})


def _score_in_child(reward: Reward) -> list[float | None]:
    return [score.value for score in reward.score_batch([Sample("Paris", "paris"), Sample("Rome", "paris")])]


def test_the_same_verdict_from_thread_loop_and_spawned_process() -> None:
    reward = Reward("exact_match", ignore_case=True)
    expected = _score_in_child(reward)
    assert expected == [1.0, 0.0]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(_score_in_child, [reward] * 8)) == [expected] * 8
    assert asyncio.run(reward.ascore(Sample("Paris", "paris"))).value == 1.0
    with multiprocessing.get_context("spawn").Pool(1) as processes:
        found = processes.apply(Reward.score_batch, (reward, [Sample("Paris", "paris"), Sample("Rome", "paris")]))
    assert [score.value for score in found] == expected


@given(st.text(), st.text())
def test_exact_match_is_equality(completion: str, reference: str) -> None:
    score = Reward("exact_match", strip=False).score(Sample(completion, reference))
    assert score.value is not None
    if completion == reference:
        assert score.value == 1.0


def test_pickling_keeps_the_options() -> None:
    reward = pickle.loads(pickle.dumps(Reward("exact_match", reference="answer", ignore_case=True)))
    assert (reward.reference, reward.options, reward.__name__) == ("answer", {"ignore_case": True}, "exact_match")


def test_every_built_in_is_found_without_importing_it() -> None:
    assert {"exact_match", "numeric"} <= set(names())
    assert lookup("exact_match").summary


@pytest.mark.parametrize(
    ("value", "outcome"),
    [(None, "unjudgeable"), (0, "wrong"), (0.0, "wrong"), (-0.0, "wrong"), (1, "correct"), (True, "correct"),
     (0.5, "partial"), (1.5, "partial"), (-1.0, "partial")],
)  # fmt: skip
def test_a_bare_value_stands_for_an_outcome(value: float | None, outcome: str) -> None:
    assert Outcome.of(value) == outcome and json.dumps(Outcome.of(value)) == f'"{outcome}"'
