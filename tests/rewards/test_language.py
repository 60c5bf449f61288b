"""Language detection: the same n-grams and verdicts as langdetect's own walk, whatever the text."""

import pytest
from helpers.ifeval_rows import ifeval_recorded
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast import Reward, Sample, UsageError
from holdfast.rewards.instructions import language


def _official(text: str) -> list[str]:
    detector = language._factory().create()
    detector.append(text)
    detector.cleaning_text()
    return list(detector._extract_ngrams())


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.characters(), max_size=120))
def test_ngrams_of_any_text_equal_langdetects(text: str) -> None:
    assert language.ngrams(text) == _official(text)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="AbCd  ,.éÜжЖ中あ한ệ\u0301@/:", max_size=80))
def test_ngrams_of_tricky_text_equal_langdetects(text: str) -> None:
    assert language.ngrams(text) == _official(text)


def test_ngrams_of_recorded_responses_equal_langdetects() -> None:
    texts = [row[2] for row in ifeval_recorded("gpt4", "strict")[::9]]
    texts += [row[2] for row in ifeval_recorded("qwen", "strict")[::9]]
    for text in [*texts, *(text.upper() for text in texts[:20])]:
        assert language.ngrams(text) == _official(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The quick brown fox jumps over the lazy dog again and again.", "en"),
        ("Der schnelle braune Fuchs springt über den faulen Hund.", "de"),
        ("素早い茶色の狐がのろまな犬を飛び越える。", "ja"),
        ("敏捷的棕色狐狸跳过了懒狗，然后回家睡觉。", "zh"),
        ("Быстрая коричневая лиса прыгает через ленивую собаку.", "ru"),
    ],
)
def test_the_language_reward(text: str, code: str) -> None:
    reward = Reward("language")
    assert reward.score(Sample(text, code)).value == 1.0
    assert reward.score(Sample(text, "fr")).value == 0.0
    assert Reward("language", language=code).score(Sample(f"<think>I think in English.</think>{text}")).value == 1.0


@pytest.mark.parametrize("text", ["", "   ", "12345", "<think>The answer is", "\ud800"])
def test_a_text_without_a_language_is_in_none(text: str) -> None:
    assert Reward("language", language="en").score(Sample(text)).value == 0.0


def test_an_unknown_code_is_a_usage_error_or_unjudgeable() -> None:
    with pytest.raises(UsageError, match="xx"):
        Reward("language", language="xx")
    assert Reward("language").score(Sample("text", "xx")).value is None
