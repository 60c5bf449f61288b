"""A reward of one's own: whatever it takes and returns, it is a reward like the others; a mistake is one line."""

from pathlib import Path

import pytest

from holdfast.errors import UsageError
from holdfast.reward import Reward
from holdfast.sample import Outcome, Sample

MODULE = """
import asyncio
from holdfast import Sample, Score

def number(sample): return len(sample.text) / 10
def yes(sample: Sample) -> bool: return sample.text == sample.reference
def nothing(sample): return None
def score(sample): return Score.of(sample.text == "b", "compared", sample.text)
def parts(completion, reference, level, *, bonus: float = 0.0): return (completion == reference) + bonus * level
def trl(completions, level, **kwargs): return [float(text == "b") * lvl for text, lvl in zip(completions, level)]
def trl_named(prompts, completions): return [None if text == "a" else 1.0 for text in completions]
async def later(sample):
    await asyncio.sleep(0)
    return sample.text == "b"
async def lists_later(completions, **kwargs): return [float(text == "b") for text in completions]
class Instance:
    def __call__(self, sample): return 0.25
def not_a_number(sample): return float("nan")
def word(sample): return "good"
def short(completions, **kwargs): return [1.0]
def lacks(completion, levle): return 1.0
def fails(sample): raise KeyError("x")
def nothing_taken(): return 1.0
"""
SAMPLES = [Sample("a", "b", "ask", {"level": 1}), Sample("b", "b", "ask", {"level": 2})]


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the working directory, which is on nobody's path."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_rewards_of_a_test.py").write_text(MODULE)


@pytest.mark.parametrize("how", ["own_rewards_of_a_test:{}", "own_rewards_of_a_test.py:{}"])
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("number", [0.1, 0.1]),
        ("yes", [0.0, 1.0]),
        ("nothing", [None, None]),
        ("score", [0.0, 1.0]),
        ("parts", [0.0, 1.0]),
        ("trl", [0.0, 2.0]),
        ("trl_named", [None, 1.0]),
        ("later", [0.0, 1.0]),
        ("lists_later", [0.0, 1.0]),
        ("Instance", [0.25, 0.25]),
        ("not_a_number", [None, None]),
    ],
)
def test_every_form_is_a_reward(name: str, values: list[float | None], how: str) -> None:
    import asyncio

    reward = Reward(how.format(name))
    assert [score.value for score in reward.score_batch(SAMPLES)] == values
    assert [reward.score(sample).value for sample in SAMPLES] == values
    columns = {"reference": ["b", "b"], "level": [1, 2]}
    assert reward(["ask", "ask"], ["a", "b"], **columns) == values, "as TRL calls it"
    assert [s.value for s in asyncio.run(reward.ascore_batch(SAMPLES))] == values

    async def within() -> list[float | None]:
        return [score.value for score in reward.score_batch(SAMPLES)]

    assert asyncio.run(within()) == values, "also where an event loop runs"


def test_outcomes_and_options() -> None:
    assert Reward("own_rewards_of_a_test:nothing").score(SAMPLES[0]).outcome is Outcome.UNJUDGEABLE
    assert Reward("own_rewards_of_a_test:not_a_number").score(SAMPLES[0]).outcome is Outcome.ERROR
    assert Reward("own_rewards_of_a_test:score").score(SAMPLES[1]).extracted == "b"
    assert Reward("own_rewards_of_a_test:parts", bonus=0.5).score(SAMPLES[1]).value == 2.0
    with pytest.raises(UsageError, match="bonus"):
        Reward("own_rewards_of_a_test:parts", bonsu=0.5)
    with pytest.raises(UsageError, match="bonus"):
        Reward("own_rewards_of_a_test:parts", bonus="much")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("word", "returned 'good'; expected a number"),
        ("short", "returned 1 values for 2 completions"),
        ("lacks", "reads 'levle', which the rows lack; did you mean 'level'"),
    ],
)
def test_a_wrong_function_is_told_in_one_line(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Reward(f"own_rewards_of_a_test:{name}").score_batch(SAMPLES)


def test_what_cannot_be_loaded() -> None:
    for name, message in {
        "own_rewards_of_a_test:nubmer": "did you mean 'number'",
        "own_rewards_of_a_test:nothing_taken": "takes no sample",
        "no_such_module_here:f": "No module named",
        "missing.py:f": "no reward file",
    }.items():
        with pytest.raises(UsageError, match=message):
            Reward(name)
    Path("broken_of_a_test.py").write_text("def f(:\n")
    with pytest.raises(UsageError, match="SyntaxError"):
        Reward("broken_of_a_test:f")


def test_a_failing_reward_is_told_once_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    reward = Reward("own_rewards_of_a_test:fails")
    for _ in range(12):
        assert reward.score(SAMPLES[0]).outcome is Outcome.ERROR
    assert [record.exc_info is not None for record in caplog.records] == [True, False]
    assert "has failed 10 times" in caplog.text
