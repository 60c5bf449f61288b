"""Nothing cheap earns a reward: whatever names the right value without stating it as the one answer is a 0."""

import pytest
from helpers.cheap_answers import CHOICES, cheap

from holdfast.reward import Reward
from holdfast.sample import Sample

REWARDS = {name: Reward(name) for name in ("math", "numeric", "choice")}


@pytest.mark.parametrize("name", REWARDS)
def test_no_cheap_completion_is_right(name: str) -> None:
    rows = [(text, reference) for reward, text, reference in cheap() if reward == name]
    samples = [Sample(text, reference, info={"choices": CHOICES}) for text, reference in rows]
    scores = REWARDS[name].score_batch(samples)
    earned = [(*row, score.reason) for row, score in zip(rows, scores, strict=True) if score.value == 1.0]
    assert earned == []


def test_the_corpus_is_large() -> None:
    assert len({text for _, text, _ in cheap()}) >= 300
