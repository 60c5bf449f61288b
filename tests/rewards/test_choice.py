"""Multiple choice: how models state a letter, hedges, and 24,064 recorded MMLU-Pro answers."""

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from helpers.paths import shared
from hypothesis import given
from hypothesis import strategies as st

from holdfast import Outcome, Reward, Sample

CHOICES = {"choices": ["Rome", "Oslo", "Paris", "New York City", "New York"]}

STATED = [
    ("C", "C"), ("(C)", "C"), ("C.", "C"), ("c", "C"), ("**C**", "C"), ("**C. Paris**", "C"), ("`C`", "C"),
    ("The answer is (C)", "C"), ("answer: c", "C"), ("Answer: **C**", "C"), ("Answer:\n\n**C. Paris**", "C"),
    ("\\boxed{C}", "C"), ("\\boxed{\\text{(C)}}", "C"), ("The final answer is: $\\boxed{J}$", "J"), ("答案是C", "C"),
    ("The answer is A. Wait, no. The answer is C.", "C"), ("C is the correct answer", "C"), ("I choose D", "D"),
    ("The best choice is option B.", "B"), ("I would go with (B)", "B"), ("The answer is C, B is wrong because", "C"),
    ("A good question. Hmm, D", "D"), ("The answer is I think B", "B"), ("(A) is wrong. (B) is wrong. So (C).", "C"),
    ("C) Paris\n\nParis is the capital. A is wrong.", "C"), ("<think>A? The answer is A</think>C", "C"),
]  # fmt: skip

HEDGES = [
    "A or C", "A, B, C, D", "A B C D", "The answer is A or C", "The answer is (A) or (C).", "It is either A or C.",
    "Both A and C are correct", "\\boxed{A, C}", "\\boxed{A} \\boxed{C}", "A. Rome\nB. Oslo\nC. Paris",
    "The answer is A, B, C, and D", "**A** or **C**",
    "It is A or none of these.", "\\boxed{A} \\boxed{none of these}",
]  # fmt: skip


@pytest.mark.parametrize(("text", "letter"), STATED)
def test_a_stated_letter_is_read(text: str, letter: str) -> None:
    score = Reward("choice").score(Sample(text, letter))
    assert (score.value, score.extracted) == (1.0, letter)
    other = "E" if letter != "E" else "F"
    assert Reward("choice").score(Sample(text, other)).value == 0.0


@pytest.mark.parametrize("text", HEDGES)
def test_a_hedge_is_wrong_whatever_the_reference(text: str) -> None:
    for letter in "ABCD":
        score = Reward("choice").score(Sample(text, letter))
        assert score.value == 0.0
        assert "hedge" in score.reason


@pytest.mark.parametrize("text", ["", "no idea", "<think>The answer is C", "The answer is a number", "Caution!"])
def test_no_letter_is_wrong(text: str) -> None:
    assert Reward("choice").score(Sample(text, "A")).value == 0.0
    assert Reward("choice").score(Sample(text, "C")).value == 0.0


WORDS_LIKE_LETTERS = (
    "Ответ: В Париже.", "Ответ: С помощью воды", "Ответ: А теперь решим", "Ответ:\nВ Париже", "Ответ: **В Париже**",
    "\\boxed{В Париже}", "Верный ответ: Н Сократ", "Відповідь: В Києві", "Απάντηση: Η Αθήνα", "Απάντηση: Η θάλασσα",
)  # fmt: skip
LETTERS_LIKE_OURS = {
    "Ответ: В": "B", "Ответ: В.": "B", "Ответ: В) в Париже": "B", "Ответ: С, Париж": "C", "Правильный ответ В": "B",
    "Ответ В является верным": "B", "Вариант С": "C", "Ответ: **В**": "B", "\\boxed{В}": "B",
    "Ответ: А потому что": "A",
    "С это правильный ответ": "C", "Відповідь: В": "B", "Η απάντηση είναι Β": "B", "Απάντηση: Β": "B",
    "Απάντηση: Η": "H",
}  # fmt: skip


@pytest.mark.parametrize("text", WORDS_LIKE_LETTERS)
def test_a_word_of_one_letter_in_another_alphabet_is_no_option(text: str) -> None:
    """Russian's `in`, `with` and `but` look like B, C and A; the Greek article like H."""
    assert [letter for letter in "ABCDEFGHIJ" if Reward("choice").score(Sample(text, letter)).value != 0.0] == []


@pytest.mark.parametrize("text", LETTERS_LIKE_OURS)
def test_a_letter_in_another_alphabet_is_an_option(text: str) -> None:
    right = [letter for letter in "ABCDEFGHIJ" if Reward("choice").score(Sample(text, letter)).value == 1.0]
    assert right == [LETTERS_LIKE_OURS[text]]


@pytest.mark.parametrize(
    "text",
    [
        "Ответ: А и С",
        "答案是A和C",
        "Die Antwort ist A und C",
        "정답: A와 C",
        "الإجابة: A و C",
        "La respuesta es A y C",
        "La risposta è A e C",
        "A resposta é A e C",
        "Odpowiedź: A i C",
    ],
)
def test_two_options_joined_by_and_are_a_hedge(text: str) -> None:
    assert [Reward("choice").score(Sample(text, letter)).value for letter in "AC"] == [0.0, 0.0]


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("Paris", "C"),
        ("The answer is Paris.", "C"),
        ("The capital of France is Paris.", "C"),
        ("It is New York City", "D"),
        ("New York", "E"),
    ],
)
def test_an_options_text_is_read_where_choices_are_given(text: str, letter: str) -> None:
    assert Reward("choice").score(Sample(text, letter, info=CHOICES)).extracted == letter
    assert Reward("choice").score(Sample("Rome or Paris", letter, info=CHOICES)).value == 0.0


@pytest.mark.parametrize(
    ("reference", "options"), [(2, {}), (3, {"index_base": 1}), ("C", {}), ("(c)", {}), ("Paris", {}), ("paris ", {})]
)
def test_a_reference_is_a_letter_an_index_or_a_choice(reference: Any, options: dict[str, Any]) -> None:
    reward = Reward("choice", **options)
    assert reward.score(Sample("C", reference, info=CHOICES)).value == 1.0
    assert reward.score(Sample("B", reference, info=CHOICES)).value == 0.0


@pytest.mark.parametrize("reference", [None, "K", "Berlin", 7, -1, True, 1.0, ["A"], ""])
def test_a_reference_that_names_no_option_is_unjudgeable(reference: Any) -> None:
    assert Reward("choice").score(Sample("C", reference, info=CHOICES)).outcome is Outcome.UNJUDGEABLE


@given(st.sampled_from("ABCDEFGHIJ"), st.sampled_from("ABCDEFGHIJ"))
def test_only_the_right_letter_scores(stated: str, wanted: str) -> None:
    assert Reward("choice").score(Sample(f"The answer is ({stated}).", wanted)).value == float(stated == wanted)


MODELS = ["Meta-Llama-3-70B", "Meta-Llama-3_1-8B-Instruct"]
STATES = re.compile(r"answer is \(?[A-J]\)?")
"""What the recorded reader looks for first; without it, it takes the last capital letter or guesses at random."""


def mmlu_pro(model: str) -> list[dict[str, Any]]:
    """The recorded rows of one model: generated_text, answer, pred."""
    with zipfile.ZipFile(shared("mmlu_pro", f"model_outputs_{model}_5shots.zip")) as archive:
        rows: list[dict[str, Any]] = json.loads(archive.read(archive.namelist()[0]))
    return rows


@pytest.mark.parametrize("step", [8, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("model", MODELS)
def test_recorded_letters_but_for_the_listed_differences(model: str, step: int) -> None:
    """Row by row; 87 % of Llama-3-70B's texts run on into questions of their own, which are cut."""
    rows = mmlu_pro(model)[::step]
    scores = Reward("choice").score_batch([Sample(row["generated_text"], row["answer"]) for row in rows])
    listed = {}
    for line in (Path(__file__).parent / "mmlu_pro_letters.jsonl").read_text("utf-8").splitlines():
        one = json.loads(line)
        if one["model"] == model and one["row"] % step == 0:
            listed[one["row"] // step] = (one["recorded"], one["ours"])
    stated = [index for index, row in enumerate(rows) if STATES.search(row["generated_text"])]
    unlike = {
        index: (rows[index]["pred"], score.extracted or None)
        for index, score in enumerate(scores)
        if (score.extracted or None) != rows[index]["pred"] and (score.extracted or index in stated)
    }
    assert unlike == listed
    right = [sum(scores[index].value or 0 for index in stated), sum(_right(rows[index]) for index in stated)]
    assert len(stated) > 10_900 // step
    assert abs(right[0] - right[1]) / len(stated) < 0.003
    assert len(listed.keys() & set(stated)) / len(stated) < 0.003


def _right(row: dict[str, Any]) -> bool:
    return bool(row["pred"] == row["answer"])


@pytest.mark.slow
def test_what_the_recorded_figure_of_the_smaller_model_owes_to_guesses() -> None:
    """Its grader guesses where no letter is stated: 97 of 1,048 such rows are right, as chance would have it."""
    unstated = [row for row in mmlu_pro(MODELS[1]) if not STATES.search(row["generated_text"])]
    scores = Reward("choice").score_batch([Sample(row["generated_text"], row["answer"]) for row in unstated])
    assert sum(map(_right, unstated)) - sum(score.value or 0 for score in scores) == 97
    assert len(unstated) == 1048


@pytest.mark.parametrize(
    ("completion", "value"),
    [("The answer is not B", 0.0), ("It is not (B).", 0.0), ("It isn't **B**", 0.0), ("The answer is B, not A.", 1.0)],
)
def test_what_is_denied_is_not_chosen(completion: str, value: float) -> None:
    assert Reward("choice").score(Sample(completion, "B")).value == value


def texts() -> list[dict[str, Any]]:
    """What models write where the reference (default C, Paris) is right or not, and whether options are given."""
    lines = (Path(__file__).parent / "choice_texts.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("case", texts(), ids=lambda case: case["text"][:50])
def test_what_models_write(case: dict[str, Any]) -> None:
    info = CHOICES if case.get("by_text") else {}
    score = Reward("choice").score(Sample(case["text"], case.get("reference", "C"), info=info))
    assert (score.value == 1.0) == case["expected"], score.reason


def options() -> list[dict[str, Any]]:
    """Texts with the options they choose from: phrases, numbers, names, combinations of others."""
    lines = (Path(__file__).parent / "choice_options.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("case", options(), ids=lambda case: case["text"][:50])
def test_texts_with_their_options(case: dict[str, Any]) -> None:
    score = Reward("choice").score(Sample(case["text"], case["reference"], info={"choices": case["choices"]}))
    assert (score.value == 1.0) == case["expected"], score.reason


LETTERS = st.sampled_from("BCDEFGH")
DOUBTS = [" or ", ", ", "/", " and ", " or maybe ", " (or ", ", maybe ", "; ", " or possibly ", " & ", "? Or "]


@given(LETTERS, LETTERS, st.sampled_from(DOUBTS), st.sampled_from(["{}", "The answer is {}", "<answer>{}</answer>"]))
def test_two_letters_are_never_one(one: str, other: str, doubt: str, frame: str) -> None:
    text = frame.format(f"{one}{doubt}{other}" + ")" * doubt.count("("))
    for wanted in {one, other}:
        assert Reward("choice").score(Sample(text, wanted)).value == float(one == other), text


OPENERS = ("C. Paris", "C: Paris", "(C) Paris", "C) Paris", "**C**: Paris", "**(C)** Paris", "C. Paris is the capital.")


@pytest.mark.parametrize("line", OPENERS)
def test_a_last_line_that_opens_with_its_letter(line: str) -> None:
    """Behind reasoning, too; the last of a list of options is none."""
    for before in ("", "We go through it step by step.\n\n", "Rome lies in Italy.\nSo it cannot be that one.\n"):
        assert Reward("choice").score(Sample(before + line, "C")).value == 1.0, before
    for options, last in (("A. Rome\nB. Oslo\nC. Paris", "C"), ("A. Rome\nB. Oslo", "B")):
        assert Reward("choice").score(Sample(options, last)).value == 0.0
        assert Reward("choice").score(Sample(f"{options}\n\n{last}", last)).value == 1.0
