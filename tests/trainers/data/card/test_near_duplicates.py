"""Duplicates: what was planted is found, what is unrelated is not, on real rows and on generated ones."""

import random
from collections import Counter

import numpy as np
import pytest
from helpers.paths import shared
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.records import read_records
from holdfast.trainers.data.overlap.near_duplicates import LEAST, Repeats, Signatures, _pieces, fingerprint
from holdfast.trainers.data.overlap.words import signs

WORDS = [f"w{number}" for number in range(3000)]


def _jaccard(one: str, other: str) -> float:
    sets = [set(zip(*(signs(text)[offset:] for offset in range(3)), strict=False)) for text in (one, other)]
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


def _leaders(texts: list[str], similarity: float = 0.8) -> dict[int, int]:
    signatures = Signatures()
    for number, text in enumerate(texts):
        signatures.add(number, text)
    return signatures.leaders(similarity)


@pytest.fixture(scope="module")
def questions() -> list[str]:
    return [row["question"] + "\n" + row["answer"] for _, row in read_records(shared("gsm8k", "train.jsonl"))]


def test_what_is_planted_among_real_rows_is_found_and_nothing_else(questions: list[str]) -> None:
    changed = questions[10].split()
    changed[7] = "zebra"
    planted = [" ".join(changed), questions[77].replace("\n", "  \n ").upper(), questions[300] + " That is all."]
    found = _leaders([*questions, *planted])
    count = len(questions)
    assert {late: early for late, early in found.items() if late >= count} == {
        count: 10,
        count + 1: 77,
        count + 2: 300,
    }
    for late, early in found.items():  # whatever else is found in GSM8K is really similar
        if late < count:
            assert _jaccard(questions[late], questions[early]) > 0.7


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(60, 200), st.integers(1, 2))
def test_a_changed_word_is_found_and_other_texts_are_not(seed: int, length: int, changes: int) -> None:
    generator = random.Random(seed)
    text = generator.choices(WORDS, k=length)
    near = list(text)
    for place in generator.sample(range(length), changes):
        near[place] = "changed"
    others = [" ".join(generator.choices(WORDS, k=length)) for _ in range(3)]
    texts = [" ".join(text), *others, " ".join(near)]
    similar = _jaccard(texts[0], texts[-1])
    found = _leaders(texts)
    assert set(found) <= {4}
    if similar > 0.92:  # four standard errors of the estimate above the threshold
        assert found == {4: 0}


def test_the_first_of_its_like_is_kept_and_stands_for_rows_like_itself() -> None:
    generator = random.Random(0)
    text = generator.choices(WORDS, k=100)
    chain = [list(text)]
    for step in range(12):  # each like the one before, the last nothing like the first
        chain.append([*chain[-1][:]])
        chain[-1][8 * step : 8 * step + 4] = generator.choices(WORDS, k=4)
    texts = [" ".join(words) for words in chain]
    found = _leaders(texts)
    assert 0 not in found
    assert not set(found.values()) & set(found)  # a leader is never dropped itself
    for late, early in found.items():
        assert early < late and _jaccard(texts[late], texts[early]) > 0.65


def test_many_copies_are_one_cluster_and_signs_count() -> None:
    copies = ["one two three four five six seven eight nine ten"] * 500
    assert _leaders(copies) == dict.fromkeys(range(1, 500), 0)
    sums = [f"please tell me the result of {a} {sign} {b} right now" for a, sign, b in ((3, "+", 4), (3, "-", 4))]
    assert _leaders(sums) == {}


def test_short_texts_are_not_compared_and_long_ones_in_bounds() -> None:
    signatures = Signatures()
    assert not signatures.add(0, " ".join(WORDS[: LEAST - 1]))
    assert signatures.add(1, " ".join(WORDS[:LEAST]))
    assert signatures.add(2, "x " * 5_000_000)
    assert signatures.add(3, "我" * 50 + "你好世界")
    assert len(signatures) == 3
    assert Signatures().leaders() == {}


@given(st.text(st.characters(exclude_categories=()), max_size=200))
def test_pieces_are_as_many_as_those_of_a_plain_loop(text: str) -> None:
    found = signs(text)
    plain = {tuple(found[start : start + 3]) for start in range(len(found) - 2)} if len(found) >= LEAST else set()
    assert len(_pieces(text)) == len(plain)
    assert fingerprint(text) == fingerprint(text)


@given(st.lists(st.sampled_from(["a", "b", "c", "d", ""]), max_size=40))
def test_exact_groups_are_those_of_a_counter(texts: list[str]) -> None:
    repeats = Repeats()
    for text in texts:
        repeats.add(text)
    groups = repeats.groups()
    counts = Counter(texts)
    assert sorted(map(len, groups)) == sorted(count for count in counts.values() if count > 1)
    for group in groups:
        assert len({texts[int(number)] for number in group}) == 1
        assert np.all(np.diff(group) > 0)
