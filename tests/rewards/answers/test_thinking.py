"""What of a completion is thought and what is answer, for every family's markers."""

import pytest

from holdfast.rewards.answers.thinking import MARKERS, strip_thinking

PAIRS = [pytest.param(*pair, id=pair[0]) for pair in MARKERS]


@pytest.mark.parametrize(("opening", "closing"), PAIRS)
def test_every_family(opening: str, closing: str) -> None:
    """Closed, opened by the template, repeated, empty behind, open, open again."""
    assert strip_thinking(f"{opening}a 1{closing}b 2") == "b 2"
    assert strip_thinking(f"a 1{closing}\n\nb 2") == "\n\nb 2"
    assert strip_thinking(f"{opening}a{closing}b{opening}c{closing}d") == "d"
    assert strip_thinking(f"{opening}a{closing}") == ""
    assert strip_thinking(f"{opening}The answer is 4.") is None
    assert strip_thinking(f"Sure! {opening}The answer is 4.") is None
    assert strip_thinking(f"{opening}a{closing}b{opening}The answer is 4.") is None


def test_no_thought_and_mentions() -> None:
    """A text without a thought is all answer; a quoted marker is a word."""
    assert strip_thinking("The answer is 4.") == "The answer is 4."
    assert strip_thinking("Write `<think>` before it. 4") == "Write `<think>` before it. 4"
    assert strip_thinking('He wrote "yes"</think>No') == "No"
    assert strip_thinking("analysisSix times seven.assistantfinal42") == "42"
    assert strip_thinking("<a>b</a>", markers=[("<a>", "</a>")]) == ""
