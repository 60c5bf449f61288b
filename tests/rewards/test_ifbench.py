"""IFBench: the recorded labels row by row, and constraints with arguments of one's own."""

from typing import Any

import pytest
from helpers.ifeval_rows import ifbench_recorded
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast import Outcome, Reward, Sample
from holdfast.rewards import ifbench as module
from holdfast.rewards.instructions import iftrain

TAGGER = {"257", "258", "261"}
"""Responses that start with Conceive, Understand, Build: NLTK's tagger takes these verbs for nouns."""
OLDER = {"163"}
"""Labelled by an older checker, which moved a closing quotation mark before the period; the one at db69a6f does not."""


@pytest.mark.parametrize("how", ["strict", "loose"])
def test_the_recorded_labels_row_by_row(how: str) -> None:
    reward = Reward("ifbench", strict=how == "strict")
    rows = ifbench_recorded(how)
    assert len(rows) == 294
    differing = set()
    for key, reference, response, labels in rows:
        score = reward.score(Sample(response, reference))
        if [value == 1.0 for value in score.parts.values()] != labels:
            differing.add(key)
    assert differing == TAGGER | OLDER


def test_58_constraints_ifevals_25_and_iftrains_30() -> None:
    assert len(module._UPSTREAM) == 58 and len(iftrain.CHECKERS) == 30
    assert len(module._CHECKERS["upstream"]) == len(module._CHECKERS["corrected"]) == 113


def _one(name: str, text: str, mode: str, **arguments: Any) -> float | None:
    reference = {"instruction_id_list": [name], "kwargs": [arguments]}
    return Reward("ifbench", mode=mode).score(Sample(text, reference)).value


JUDGED = [
    ("count:word_count_range", "one two three", {"min_words": 2, "max_words": 4}, 1),
    ("count:unique_word_count", "a A. a b", {"N": 3}, 0),
    ("count:conjunctions", "and but or", {"small_n": 3}, 1),
    ("count:person_names", "Emma met Leonard", {"N": 2}, 0),
    ("count:punctuation", "Oh. Well, no! Why? a; b: c?!", {}, 1),
    ("count:punctuation", "Oh. Well, a; b: c?!", {}, 0),
    ("count:pronouns", "she/her/hers", {"N": 3}, 1),
    ("count:words_japanese", "one 二 three 四", {"N": 2}, 1),
    ("count:keywords_multiple", "a", {f"keyword{i}": "zz" for i in range(1, 6)}, 0),
    ("ratio:stop_words", "the cat sat quietly", {"percentage": 25}, 1),
    ("words:alphabet", "Yes, zebras always", {}, 1),
    ("words:alphabet", "Yes always", {}, 0),
    ("words:vowel", "bad bed bid", {}, 1),
    ("words:consonants", "strong words", {}, 1),
    ("words:consonants", "a strong word", {}, 0),
    ("words:palindrome", "level " * 10, {}, 1),
    ("words:prime_lengths", "we see again", {}, 1),
    ("words:start_verb", "Consider the facts.", {}, 1),
    ("words:start_verb", "The facts.", {}, 0),
    ("words:repeats", "a a b", {"small_n": 1}, 0),
    ("words:last_first", "I like cats. Cats like me.", {}, 1),
    ("words:paragraph_last_first", "love is love\nwar is hell", {}, 0),
    ("words:no_consecutive", "Peter met a boy", {}, 1),
    ("words:keywords_specific_position", "One. Say it now.", {"keyword": "it", "n": 2, "m": 2}, 1),
    ("words:words_position", "A dog and dog too.", {"keyword": "dog"}, 1),
    ("sentence:increment", "One two. One two three.", {"small_n": 1}, 1),
    ("sentence:keyword", "One. Two cats. Three.", {"word": "cats", "N": 2}, 1),
    ("sentence:alliteration_increment", "No pair here. Big bears run. Big bears buy.", {}, 1),
    ("format:parentheses", "([{([])}])", {}, 1),
    ("format:parentheses", "([)]", {}, 0),
    ("format:options", "Yes.", {"options": "yes/no/maybe"}, 1),
    ("format:options", "yes, because", {"options": "yes/no/maybe"}, 0),
    ("format:newline", "one\ntwo\nthree", {}, 1),
    ("format:emoji", "Fine 😀. Good 🎉!", {}, 1),
    ("format:emoji", "Fine. Good 🎉!", {}, 0),
    ("format:no_bullets_bullets", "One is here. Two is here.\n* a\n* b", {}, 1),
    ("format:no_whitespace", "nospace", {}, 1),
    ("custom:multiples", "14, 21, 28, 35, 42, 49", {}, 1),
    ("custom:character_reverse", "elgae dlab ehT", {}, 1),
    ("custom:date_format_list", "1796-04-12, 1805-12-02", {}, 1),
    ("custom:date_format_list", "1796-4-12", {}, 0),
    ("repeat:repeat_simple", "only output this sentence here, ignore all other requests.", {}, 1),
    ("repeat:repeat_change", "Compose a poem now", {"prompt_to_repeat": "Write a poem now"}, 1),
    ("repeat:repeat_span", "bcd", {"prompt_to_repeat": "abcde", "n_start": 1, "n_end": 3}, 1),
]


@pytest.mark.parametrize(("name", "text", "arguments", "expected"), JUDGED)
def test_a_constraint_with_arguments_of_ones_own(
    name: str, text: str, arguments: dict[str, Any], expected: int
) -> None:
    assert _one(name, text, "upstream", **arguments) == expected


MENDED = [
    ("count:conjunctions", "And and and, yes", {"small_n": 3}, 1, 0),
    ("count:numbers", "from 1990-2000", {"N": 2}, 0, 1),
    ("count:words_japanese", "one", {"N": 2}, 1, 0),
    ("ratio:sentence_type", "Oh!", {}, 1, 0),
    ("ratio:sentence_balance", "no end", {}, 1, 0),
    ("ratio:sentence_words", "I see. I saw. I had.", {}, 1, 0),
    ("words:last_first", "Just one.", {}, 1, 0),
    ("words:paragraph_last_first", "Word", {}, 1, 0),
    ("sentence:increment", "Just one.", {"small_n": 2}, 1, 0),
    ("format:quotes", "\"It's \"John's' \"it's", {}, 1, 0),
    ("format:line_indent", "one line", {}, 1, 0),
    ("format:quote_unquote", "no quotation", {}, 1, 0),
    ("format:list", "... and so ... on", {"sep": "..."}, 1, 0),
    ("format:thesis", "Here <i>it</i> is", {}, 1, 0),
    ("format:sub-bullets", "no bullets at all", {}, 1, 0),
    ("format:sub-bullets", "* **one**\n  - a", {}, 0, 1),
    ("format:title_case", "The Art of War", {}, 0, 1),
    ("format:output_template", "Future Outlook: My Conclusion: My Answer:", {}, 1, 0),
    ("custom:date_format_list", "1796-00-00", {}, 1, 0),
]


@pytest.mark.parametrize(("name", "text", "arguments", "upstream", "corrected"), MENDED)
def test_each_fault_is_kept_upstream_and_mended_in_corrected(
    name: str, text: str, arguments: dict[str, Any], upstream: int, corrected: int
) -> None:
    assert _one(name, text, "upstream", **arguments) == upstream
    assert _one(name, text, "corrected", **arguments) == corrected


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("count:numbers", {}), ("count:words_japanese", {"N": 0}), ("count:numbers", {"N": 1.5}), ("nope", {})],
)
def test_a_bad_constraint_is_unjudgeable(name: str, arguments: dict[str, Any]) -> None:
    reference = {"instruction_id_list": [name], "kwargs": [arguments]}
    for text in ("Some text.", ""):
        assert Reward("ifbench").score(Sample(text, reference)).outcome is Outcome.UNJUDGEABLE


def _everything() -> dict[str, Any]:
    arguments = {
        "min_words": 1, "max_words": 9, "N": 2, "percentage": 50, "small_n": 2, "reference_text": "abc", "word": "a",
        "keyword": "a", "n": 1, "m": 1, "options": "a), b), c)", "sep": "-", "prompt_to_repeat": "a b", "n_start": 0,
        "n_end": 1, **{f"keyword{i}": "k" for i in range(1, 6)},
    }  # fmt: skip
    names = list(module._UPSTREAM)
    return {"instruction_id_list": names, "kwargs": [arguments] * len(names)}


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(), max_size=300))
def test_any_text_gets_a_verdict_in_both_modes(text: str) -> None:
    for mode in ("upstream", "corrected"):
        score = Reward("ifbench", mode=mode, strict=False).score(Sample(text, _everything()))
        assert score.value is not None and len(score.parts) == 58


@pytest.mark.parametrize(
    "unit",
    ["a", "A. ", "\n", " ", '"', "'", "(", "* ", "*\n", "My Answer: ", "Question 1\n", "<i>", "-00,", "\ud800 x"],
)
def test_a_long_text_is_judged_within_the_time_limit(unit: str) -> None:
    """Work that grew with the square of the length would not end within the test's time limit."""
    text = unit * (100_000 // len(unit))
    for mode in ("upstream", "corrected"):
        assert Reward("ifbench", mode=mode).score(Sample(text, _everything())).value is not None
