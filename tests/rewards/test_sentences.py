"""Sentences and tokens: Punkt's and Treebank's decisions without NLTK's data."""

import pytest
from helpers.ifeval_rows import ifbench_recorded, ifeval_recorded
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.rewards.instructions.sentences import split
from holdfast.rewards.instructions.vocabulary import is_verb, syllables
from holdfast.rewards.instructions.words import tokens


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Mr. Smith met Dr. Jones in Jan. at noon.", ["Mr. Smith met Dr. Jones in Jan. at noon."]),
        ("It cost 3.50 dollars. Yes.", ["It cost 3.50 dollars.", "Yes."]),
        ('He said "Stop." Then he left.', ['He said "Stop."', "Then he left."]),
        ("Really?! Yes.", ["Really?!", "Yes."]),
        ("Well... maybe not. Well... The end.", ["Well... maybe not.", "Well...", "The end."]),
        ("See www.example.org for more. Thanks.", ["See www.example.org for more.", "Thanks."]),
        ("no stop at all", ["no stop at all"]),
        ("U.S. law is old. It is.", ["U.S. law is old.", "It is."]),
        ("(It is so.) Indeed.", ["(It is so.)", "Indeed."]),
        ("", []),
        (" \n ", []),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    assert list(split(text)) == sentences


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="Ab.?! \n\"')(]-…1", max_size=80))
def test_sentences_are_the_text_in_order(text: str) -> None:
    assert "".join("".join(split(text)).split()) == "".join(text.split())


def _texts() -> list[str]:
    rows = [*ifeval_recorded("gpt4", "strict")[::7], *ifeval_recorded("qwen", "strict")[::7]]
    return [row[2] for row in [*rows, *ifbench_recorded("strict")[::5]]]


def test_tokens_equal_nltks_treebank_tokens_sentence_by_sentence() -> None:
    """NLTK's word tokenizer needs no data; quotation marks, which it rewrites, are compared as such."""
    from nltk.tokenize.destructive import NLTKWordTokenizer

    tokenizer = NLTKWordTokenizer()
    same = total = 0
    for text in _texts():
        for sentence in split(text):
            theirs = ['"' if token in ("``", "''") else token for token in tokenizer.tokenize(sentence)]
            total += 1
            same += theirs == tokens(sentence) or len(split(sentence)) > 1
    assert total > 3000
    assert same / total > 0.99


def test_words_in_capitals_are_counted_as_with_nltk() -> None:
    from nltk.tokenize.destructive import NLTKWordTokenizer

    tokenizer = NLTKWordTokenizer()
    for text in _texts():
        theirs = [token for sentence in split(text) for token in tokenizer.tokenize(sentence)]
        assert sum(map(str.isupper, tokens(text))) == sum(map(str.isupper, theirs))


@pytest.mark.parametrize("word", ["Consider", "running", "studied", "Planned", "makes", "tries"])
def test_verbs(word: str) -> None:
    assert is_verb(word)


@pytest.mark.parametrize("word", ["The", "river", "bed", "sing-song", "", "s", "ing", "red"])
def test_other_words_are_no_verbs(word: str) -> None:
    assert not is_verb(word)


@pytest.mark.parametrize(("word", "count"), [("cat", 1), ("table", 2), ("banana", 3), ("make", 1), ("rhythm", 1)])
def test_syllables(word: str, count: int) -> None:
    assert syllables(word) == count
