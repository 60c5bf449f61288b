"""IFTrain's constraints: for each a text that follows it and one that does not, through IF-RLVR's own row shape."""

from typing import Any

import pytest

from holdfast import Outcome, Reward, Sample
from holdfast.rewards.instructions import iftrain

ASKED = "Say hello to Rome"
CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "copy:repeat_phrase": (
        {"phrase": "the cat sat down", "small_n": 2},
        "the dog sat down and the cat stood down",
        "the cat sat down and the cat sat down",
    ),
    "copy:copy": ({"prompt_to_repeat": ASKED}, " say hello to rome\n", "Say hello to Rome. Hello!"),
    "copy:copying_simple": ({"prompt_to_repeat": ASKED}, ASKED, "Hello"),
    "copy:copying_multiple": ({"prompt_to_repeat": ASKED, "N": 2}, f"{ASKED}\n******\n{ASKED}", ASKED),
    "copy:copy_span_idx": ({"prompt_to_repeat": ASKED, "n_start": 4, "n_end": 9}, "hello", "Say hello"),
    "new:copy_span_idx": ({"prompt_to_repeat": ASKED, "n_start": 0, "n_end": 3}, "Say", "hello"),
    "detectable_format:sentence_hyphens": ({}, "Rome is old.-It is big.", "Rome is old. - It is big."),
    "detectable_format:square_brackets": ({}, "[Rome] [is] [old.]", "[Rome] is [old.]"),
    "detectable_format:bigram_wrapping": ({}, "<<Rome is>> <<very old>>", "<<Rome is>> very old"),
    "keywords:no_adjacent_consecutive": ({}, "Rome is a city", "A big city"),
    "keywords:word_once": ({"keyword": "Rome"}, "Rome is old", "Rome is rome"),
    "keywords:word_count_different_numbers": (
        {"keyword": "old", "frequency": 2, "relation": "at least"},
        "old and old",
        "old",
    ),
    "keywords:exclude_word_harder": ({"keyword": "old"}, "Rome is ancient", "Rome is old and big"),
    "keywords:palindrome": ({}, "The level rises", "The water rises"),
    "keywords:keyword_specific_position": (
        {"keyword": "old", "n": 2, "m": 3},
        "Rome is big. It is old too.",
        "Rome is old. It was big too.",
    ),
    "keywords:start_end": ({}, "Rome is Rome", "Rome is old"),
    "paragraphs:paragraphs": ({}, "Rome.\n***\nParis.", "Rome. Paris."),
    "paragraphs:paragraphs2": ({}, "Rome.\n\nParis.", "Rome.\nParis."),
    "first_word:first_word_sent": ({"first_word": "rome"}, "Rome is old. Rome is big.", "Rome is old. It is big."),
    "first_word:first_word_answer": ({"first_word": "rome"}, "Rome is old.", "Old Rome."),
    "last_word:last_word_sent": ({"last_word": "rome"}, "I like Rome. You see Rome!", "I like Rome. You see it."),
    "last_word:last_word_answer": ({"last_word": "rome"}, "I like it. I see Rome.", "Rome I like."),
    "punctuation:punctuation_dot": ({}, "Rome is old", "Rome is old."),
    "punctuation:punctuation_exclamation": ({}, "Rome is old.", "Rome is old!"),
    "count:lowercase_counting": ({"N": 2}, "ROME is old", "ROME is very old"),
    "count:counting_composition": (
        {"n_sent": 1, "n_words": 4},
        "Rome is old.\n***\nParis is big.\n***\nBonn is small.",
        "Rome is old.\n***\nParis is very big.\n***\nBonn is small.",
    ),
    "count:count_unique": ({}, "Rome is old.", "Rome is Rome."),
    "count:count_increment_word": ({"keyword1": "Rome", "keyword2": "Paris"}, "Rome Paris paris", "Rome Paris"),
    "letters:letter_counting": ({"N": 4, "relation": "at least"}, "Rome", "Rom"),
    "letters:letter_counting2": (
        {"letter": "o", "let_frequency": 2, "let_relation": "at least"},
        "Rome is old",
        "Rome is big",
    ),
}


def judged(name: str, arguments: dict[str, Any], text: str, **options: Any) -> Any:
    row = repr([{"instruction_id": [name], "kwargs": [arguments or None]}])
    return Reward("ifbench", **options).score(Sample(text, row))


def test_every_constraint_has_a_case() -> None:
    assert CASES.keys() == iftrain.CHECKERS.keys()


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("mode", ["upstream", "corrected"])
def test_followed_and_broken(name: str, mode: str) -> None:
    arguments, good, bad = CASES[name]
    assert judged(name, arguments, good, mode=mode).value == 1.0, judged(name, arguments, good, mode=mode)
    assert judged(name, arguments, bad, mode=mode).value == 0.0, judged(name, arguments, bad, mode=mode)
    thought = f"<think>{bad}</think>{good}"
    assert judged(name, arguments, thought, mode=mode).value == 1.0, "a thought is not judged"


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case[0]])
def test_a_constraint_without_its_arguments_is_unjudgeable(name: str) -> None:
    score = judged(name, {}, CASES[name][1])
    assert score.outcome is Outcome.UNJUDGEABLE, score


@pytest.mark.parametrize("name", CASES)
def test_any_text_gets_a_verdict(name: str) -> None:
    for text in ("", " ", ".", "***", "\n\n\n", "-", "[", "a" * 5000, "\ud800", "é 日本語 🙂", "x " * 3000):
        assert judged(name, CASES[name][0], text).value in (0.0, 1.0), text[:20]
