"""A greatest or smallest value whose place is named behind it: the value is the answer, and the place is none."""

import pytest

from holdfast.reward import Reward
from holdfast.rewards.answers.statements import extreme_value
from holdfast.sample import Sample

VALUES = (
    "maximum value is 5 at x = 2",
    "The maximum value is 5 at x = 2.",
    "The minimum is $5$ at $x = 2$.",
    "max 5 at x=2",
    "max = 5 at x = 2",
    "a maximum of 5 at x=2",
    "The function has a minimum value of $5$ at $x=2$",
    "f has its maximum 5 at x = 2",
    "The maximum value is 5 when x = 2",
    "The minimum value is 5, which occurs at x = 2.",
    "The maximum value of f is 5, attained at (2, 2).",
)
PLACES = ("The maximum occurs at x = 2", "max at x = 2", "The minimum is attained at x = 2", "The maximum is at x = 2")
FRAMES = ("{}", "\\boxed{{{}}}", "The answer is {}", "So f'(2) = 0.\n\n{}", "#### {}")


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("reward", ["math", "numeric"])
def test_the_value_is_read_and_not_its_place(reward: str, frame: str) -> None:
    judge = Reward(reward)
    found = {text: [judge.score(Sample(frame.format(text), wanted)).value for wanted in ("5", "2")] for text in VALUES}
    assert found == {text: [1.0, 0.0] for text in VALUES}


@pytest.mark.parametrize("text", PLACES)
def test_a_place_alone_is_no_value(text: str) -> None:
    assert extreme_value(text) == ""
    assert Reward("math").score(Sample(f"\\boxed{{{text}}}", "5")).value == 0.0


def test_two_of_them_are_not_one() -> None:
    text = "The minimum is 1 at x = 0 and the maximum is 5 at x = 2"
    assert extreme_value(text) == "" and Reward("math").score(Sample(text, "1")).value == 0.0


def test_a_reference_says_its_value() -> None:
    assert Reward("math").score(Sample("\\boxed{5}", "The maximum value is 5 at x = 2")).value == 1.0
