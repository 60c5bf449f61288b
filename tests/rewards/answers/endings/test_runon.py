"""Where an answer ends: a run-on into a next question is cut, whichever reward reads it."""

import pytest

from holdfast.reward import Reward
from holdfast.rewards.answers.endings.runon import before_next_question
from holdfast.sample import Sample

RUN_ON = "So it is done. The answer is {}.\n\nQuestion:\nHow many are left?\nAnswer: Let us see. The answer is {}."


@pytest.mark.parametrize(
    ("name", "one", "other"), [("math", "7", "8"), ("numeric", "7", "8"), ("choice", "(J)", "(F)")]
)
def test_a_run_on_ends_the_answer(name: str, one: str, other: str) -> None:
    sample = Sample(RUN_ON.format(one, other), one.strip("()"))
    assert Reward(name).score(sample).value == 1.0
    assert Reward(name, stop="none").score(sample).value == 0.0
    assert Reward(name, stop="none", which="first").score(sample).value == 1.0
    assert Reward(name, stop="none", which="agreeing").score(sample).value == 0.0
    assert Reward(name, stop=["\n\n"]).score(sample).value == 1.0


def test_an_echo_of_the_question_is_no_run_on() -> None:
    text = "\nQuestion: What is 3 + 4?\nAnswer: The answer is 7."
    assert before_next_question(text) == text
    assert Reward("numeric").score(Sample(text, "7")).value == 1.0
