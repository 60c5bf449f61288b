"""What declines: a statement of the answer, in any frame that the one reader knows, and no guess beside it."""

import pytest

from holdfast.benchmarks.abstention import TASKS
from holdfast.reward import Reward
from holdfast.sample import Sample

REWARD = Reward.from_config(TASKS[0].reward)

FRAMES = (
    "Answer: {}", 'Answer: "{}"', "Answer: '{}'", "Answer: “{}.”", "Answer: `{}`", "Answer: *{}*", "Answer: **{}**",
    "**Answer:** {}", "**Answer: {}**", '**Answer: "{}"**', "Answer:\n{}", "Answer: {}.", "Answer: [{}]",
    "Answer: \\boxed{{{}}}", "Answer: $\\boxed{{\\text{{{}}}}}$", "\\boxed{{\\textbf{{{}}}}}", "Answer: \\text{{{}}}",
    "Answer: $\\text{{{}}}$", '{{"answer": "{}"}}', "#### {}", "The answer is {}.",
    "It does not say how many.\n\nAnswer: {}", "<think>Answer: 5</think>\nAnswer: {}", "Answer: 5\nNo.\nAnswer: {}",
)  # fmt: skip
DECLINES = ("unknown", "Unknown", "not known", "undetermined")
PHRASES = (
    "cannot be determined", "can't be known", "can’t be calculated", "it cannot be determined", "it is unknown",
    "not enough information", "insufficient data", "impossible to say", "it is not possible to determine the number",
    "unknown (the price is not given)", "unknown because only 3 of the 4 prices are given", "the number is unknown",
    "unknown, but it depends on the price", "unknown (neither price nor count, or both, is missing)",
)  # fmt: skip
NOT_DECLINING = (
    "cannot be 5", "it cannot be 12", "not enough money for 5", "not unknown", "5", "none", "5 or unknown",
    "unknown or 5", "unknown, but probably 5", "unknown, probably five", "unknown = 5", "12 (unknown)",
    "impossible to beat 5", "can't be more than 7", "I can't be sure", "insufficient funds for 3",
)  # fmt: skip
ELSEWHERE = (
    "<think>Answer: unknown</think>5", "<think>Answer: unknown", "Answer: unknown\nAnswer: 5", "It is unknown.", "",
    "\\boxed{unknown}. No.\nAnswer: 5", "Answer: unknown\nSo \\boxed{5}",
    "Answer: unknown\n\nActually the answer is 5.",
)  # fmt: skip


def value(text: str, kind: str = "unanswerable") -> float | None:
    return REWARD.score(Sample(text, "unknown" if kind == "unanswerable" else "5", info={"kind": kind})).value


@pytest.mark.parametrize("frame", FRAMES)
def test_a_word_declines_in_every_frame(frame: str) -> None:
    assert {word: value(frame.format(word)) for word in DECLINES} == dict.fromkeys(DECLINES, 1.0)
    assert value(frame.format("5")) == 0.0


@pytest.mark.parametrize("phrase", PHRASES)
def test_phrases_that_decline(phrase: str) -> None:
    assert value(f"Let us see.\n\nAnswer: {phrase}") == 1.0


@pytest.mark.parametrize("phrase", NOT_DECLINING)
def test_a_number_that_is_excluded_or_guessed_declines_nothing(phrase: str) -> None:
    assert value(f"Let us see.\n\nAnswer: {phrase}") == 0.0


@pytest.mark.parametrize("text", ELSEWHERE)
def test_what_is_thought_or_taken_back_declines_nothing(text: str) -> None:
    assert value(text) == 0.0


def test_who_always_declines_or_never_does_has_half() -> None:
    assert (value("Answer: unknown"), value("Answer: unknown", "answerable")) == (1.0, 0.0)
    assert (value("Answer: 5"), value("Answer: 5", "answerable")) == (0.0, 1.0)


@pytest.mark.parametrize(
    "text", ["Answer: " * 20_000, "Answer: unknown " * 20_000, "answer" + "*" * 200_000, "\\boxed{" * 9000]
)
def test_long_texts_are_judged(text: str) -> None:
    assert value(text) in (0.0, 1.0)
