"""IFEval: the official verdicts row by row, and each mended fault."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from types import FunctionType
from typing import Any

import pytest
from helpers.ifeval_rows import changes_table, gpt4_all, ifeval_recorded
from helpers.paths import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast import Outcome, Reward, Sample, Score
from holdfast.rewards.instructions import ifeval_corrected, ifeval_upstream

DRAWN = {"1122", "1129"}
"""Keys that ask for the letters '#' and '!': the official checker draws a random letter for them, we count them."""


def _labels(score: Score) -> list[bool]:
    return [value == 1.0 for value in score.parts.values()]


@pytest.mark.parametrize("how", ["strict", "loose"])
@pytest.mark.parametrize("run", ["gpt4", "qwen"])
def test_upstream_mode_gives_the_recorded_labels_row_by_row(run: str, how: str) -> None:
    reward = Reward("ifeval", strict=how == "strict")
    rows = ifeval_recorded(run, how)
    assert len(rows) == (540 if run == "gpt4" else 541)
    differing = set()
    for key, reference, response, labels in rows:
        score = reward.score(Sample(response, reference))
        assert score.value == float(all(_labels(score)))
        if _labels(score) != labels:
            differing.add(key)
    assert differing <= DRAWN


@pytest.mark.parametrize(("strict", "prompts", "instructions"), [(True, 416, 697), (False, 429, 712)])
def test_the_published_gpt4_figures(strict: bool, prompts: int, instructions: int) -> None:
    samples = [Sample(response, reference) for reference, response in gpt4_all()]
    scores = Reward("ifeval", strict=strict).score_batch(samples)
    assert len(scores) == 541
    assert sum(len(score.parts) for score in scores) == 834
    assert abs(sum(score.value == 1.0 for score in scores) - prompts) <= 2
    assert abs(sum(sum(_labels(score)) for score in scores) - instructions) <= 3


def _all_values(seed: int) -> list[float | None]:
    samples = [Sample(response, reference) for _, reference, response, _ in ifeval_recorded("qwen", "strict")]
    return [score.value for score in Reward("ifeval").score_batch(samples[seed::9])]


def test_the_same_verdicts_in_three_processes() -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        elsewhere = list(pool.map(_all_values, [0, 0, 0]))
    assert elsewhere == [_all_values(0)] * 3


def test_language_verdicts_do_not_flip_over_100_repetitions() -> None:
    from holdfast.rewards.instructions import language

    rows = [
        (reference, response)
        for _, reference, response, _ in ifeval_recorded("qwen", "strict")
        if any(name.startswith(("language", "change_case:english")) for name in reference["instruction_id_list"])
    ][:12]
    samples = [Sample(response[:400], reference) for reference, response in rows]
    reward = Reward("ifeval")
    seen = set()
    for _ in range(100):
        language._detect.cache_clear()
        seen.add(tuple(score.value for score in reward.score_batch(samples)))
    assert len(seen) == 1


def _one(name: str, text: str, mode: str, **arguments: Any) -> float | None:
    reference = {"instruction_id_list": [name], "kwargs": [arguments]}
    return Reward("ifeval", mode=mode).score(Sample(text, reference)).value


MENDED = [
    ("keywords:existence", "We concatenate strings.", {"keywords": ["cat"]}, 1, 0),
    ("keywords:frequency", "war warm award", {"keyword": "war", "frequency": 2, "relation": "at least"}, 1, 0),
    ("keywords:forbidden_words", "Vitamin C is good.", {"forbidden_words": ["C++"]}, 0, 1),
    ("keywords:existence", "Is it a plan?", {"keywords": ["a.b|plan"]}, 1, 0),
    ("language:response_language", "12345 !!!", {"language": "de"}, 1, 0),
    ("length_constraints:number_sentences", "1. One.\n2. Two.", {"num_sentences": 3, "relation": "less than"}, 0, 1),
    ("length_constraints:number_paragraphs", "One ***bold*** word", {"num_paragraphs": 3}, 1, 0),
    ("length_constraints:number_words", "don't well-known", {"num_words": 4, "relation": "at least"}, 1, 0),
    (
        "length_constraints:nth_paragraph_first_word",
        "One\n\n\n\n**Two** more",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "two"},
        0,
        1,
    ),
    ("detectable_content:number_placeholders", "[a link](http://x.org) [ ]", {"num_placeholders": 2}, 1, 0),
    ("detectable_content:postscript", "See p.s. below", {"postscript_marker": "P.S."}, 1, 0),
    ("detectable_format:number_bullet_lists", "* one\n---\n- two", {"num_bullets": 2}, 0, 1),
    ("detectable_format:constrained_response", "My answer is yes. My answer is no.", {}, 1, 0),
    ("detectable_format:number_highlighted_sections", "* one * two\n* three *", {"num_highlights": 2}, 1, 0),
    (
        "detectable_format:multiple_sections",
        "As Section 1 and Section 2 say",
        {"section_spliter": "Section", "num_sections": 2},
        1,
        0,
    ),
    ("detectable_format:json_format", "NaN", {}, 1, 0),
    ("detectable_format:title", "1 << 2 >> 1", {}, 1, 0),
    ("combination:two_responses", "Yes ****** yes", {}, 1, 0),
    ("combination:repeat_prompt", "Write a poem.", {"prompt_to_repeat": "Write a poem."}, 1, 0),
    ("startend:end_checker", "So it is. **The end.**", {"end_phrase": "The end."}, 0, 1),
    ("change_case:capital_word_frequency", "I saw A.", {"capital_frequency": 2, "capital_relation": "at least"}, 1, 0),
    ("punctuation:no_comma", "一，二", {}, 1, 0),
    ("startend:quotation", "“Fine.”", {}, 0, 1),
    ("startend:quotation", '""', {}, 1, 0),
]


@pytest.mark.parametrize(("name", "text", "arguments", "upstream", "corrected"), MENDED)
def test_each_fault_is_kept_upstream_and_mended_in_corrected(
    name: str, text: str, arguments: dict[str, Any], upstream: float, corrected: float
) -> None:
    assert _one(name, text, "upstream", **arguments) == upstream
    assert _one(name, text, "corrected", **arguments) == corrected


def test_english_capitals_are_read_in_lower_case() -> None:
    text = "THE CAPITAL OF FRANCE IS PARIS AND IT HAS BEEN SO FOR A VERY LONG TIME NOW INDEED."
    assert _one("change_case:english_capital", text, "corrected") == 1
    assert _one("change_case:english_capital", text.capitalize(), "corrected") == 0


@pytest.mark.parametrize("letter", ["#", "!", "é"])
def test_a_sign_is_counted_as_it_stands(letter: str) -> None:
    arguments = {"letter": letter, "let_frequency": 3, "let_relation": "at least"}
    assert _one("keywords:letter_frequency", f"a{letter}{letter}{letter}", "upstream", **arguments) == 1
    assert _one("keywords:letter_frequency", f"a{letter}{letter}", "upstream", **arguments) == 0


@pytest.mark.parametrize("mode", ["upstream", "corrected"])
@pytest.mark.parametrize("text", ["", "  \n ", "*"])
def test_an_empty_answer_follows_nothing(text: str, mode: str) -> None:
    reference = {"instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]}
    score = Reward("ifeval", mode=mode, strict=False).score(Sample(text, reference))
    assert score.value == (1.0 if text == "*" else 0.0)


@pytest.mark.parametrize(
    "reference",
    [
        None,
        {"instruction_id_list": ["no:such"], "kwargs": [{}]},
        {"instruction_id_list": ["length_constraints:number_words"], "kwargs": [{"num_words": 3}]},
        {
            "instruction_id_list": ["length_constraints:number_words"],
            "kwargs": [{"num_words": "3", "relation": "at least"}],
        },
        {"instruction_id_list": ["length_constraints:number_words"], "kwargs": [{"num_words": 3, "relation": "over"}]},
        {"instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}, {}]},
        {"instruction_id_list": [], "kwargs": []},
        "not json",
    ],
)
@pytest.mark.parametrize("text", ["Some answer.", ""])
def test_a_bad_reference_is_unjudgeable_and_never_a_zero(reference: Any, text: str) -> None:
    score = Reward("ifeval").score(Sample(text, reference))
    assert score.outcome is Outcome.UNJUDGEABLE
    assert score.reason


def test_graded_gives_the_share_and_names_what_failed() -> None:
    reference = {
        "instruction_id_list": ["punctuation:no_comma", "length_constraints:number_words"],
        "kwargs": [{}, {"num_words": 300, "relation": "at least", "keyword": None}],
    }
    score = Reward("ifeval", graded=True).score(Sample("No commas here.", reference))
    assert (score.value, score.outcome) == (0.5, Outcome.PARTIAL)
    assert "3 words, at least 300 asked" in score.reason
    assert score.parts == {"punctuation:no_comma": 1.0, "length_constraints:number_words": 0.0}


def test_an_instruction_given_twice_keeps_both_parts() -> None:
    pair = [{"keyword": "a", "frequency": n, "relation": "at least"} for n in (1, 5)]
    reference = {"instruction_id_list": ["keywords:frequency"] * 2, "kwargs": pair}
    assert Reward("ifeval").score(Sample("a a", reference)).parts == {
        "keywords:frequency": 1.0,
        "keywords:frequency#2": 0.0,
    }


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(), max_size=300))
def test_any_text_gets_a_verdict_in_both_modes(text: str) -> None:
    arguments = {
        "keywords": ["cat"], "keyword": "cat", "frequency": 1, "relation": "at least", "forbidden_words": ["dog"],
        "letter": "a", "let_frequency": 1, "let_relation": "at least", "language": "en", "num_sentences": 1,
        "num_paragraphs": 1, "num_words": 1, "nth_paragraph": 1, "first_word": "a", "num_placeholders": 1,
        "postscript_marker": "P.S.", "num_bullets": 1, "num_highlights": 1, "section_spliter": "Section",
        "num_sections": 1, "prompt_to_repeat": "a", "end_phrase": "b", "capital_frequency": 1,
        "capital_relation": "at least",
    }  # fmt: skip
    names = list(ifeval_upstream.CHECKERS)
    assert len(names) == 25
    reference = {"instruction_id_list": names, "kwargs": [arguments] * 25}
    for mode in ("upstream", "corrected"):
        score = Reward("ifeval", mode=mode, strict=False).score(Sample(text, reference))
        assert score.value is not None and len(score.parts) == 25


def test_the_guide_lists_the_rows_that_corrected_changes() -> None:
    guide = (ROOT / "docs" / "ifeval.md").read_text(encoding="utf-8")
    assert changes_table() in guide, "paste the output of tests/helpers/ifeval_rows.py's changes_table()"


def test_every_mended_checker_stands_in_for_upstreams() -> None:
    functions = [value for value in vars(ifeval_corrected).values() if isinstance(value, FunctionType)]
    mended = {one.__name__: one for one in functions if (one.__doc__ or "").startswith("Mended")}
    assert len(mended) == 24
    used = {function.__name__: function for function in ifeval_corrected.CHECKERS.values()}
    assert list(ifeval_corrected.CHECKERS) == list(ifeval_upstream.CHECKERS)
    assert {name: used.get(name) for name in mended} == mended
