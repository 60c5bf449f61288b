"""What stands behind or before an answer: it is taken away by its own denial, and by nothing else.

Each wrong row has a right one that looks like it: a sentence about what a question asks, a remark on another value.
"""

import re

import pytest
from helpers.cheap_answers import REPORTED

from holdfast.reward import Reward
from holdfast.rewards.answers.endings import standing
from holdfast.rewards.answers.endings.standing import standing_part
from holdfast.sample import Sample

NUMBERS_STATED = (
    "According to the formula, the answer is 7.",
    "According to the table, it is 7.",
    "According to the second chart, 7.",
    "They picked 7.",
    "The students selected 7.",
    "The student answered 7.",
    "The teacher wrote 7.",
    "They chose 7 apples.",
    "The given number is 7.",
    "The old value was 7.",
    "The previous number is 7.",
    "The earlier value was 7.",
    "The book has 7 chapters.",
    "The problem has 7 solutions.",
    "The task uses 7 tools.",
    "The number 3 appears 7 times.",
    "The value 7 occurs most often.",
    "There are 7, but no two are equal.",
    "The answer is 7, but that was not easy.",
    "The answer is 7. You said 8.",
    "The answer is 7. The question mentions 8.",
    "Let me start with 3. Adding 4 gives 7.",
    "Suppose it is 8. That is too much, so it is 7.",
    "One might think it is 8. It is 7.",
    "One might pick 8. It is 7.",
    "At first glance 8. The answer is 7.",
    "At first glance it is hard, but it is 7.",
    "I refuse to say 8. It is 7.",
    "I would never say 8. The answer is 7.",
    "8 is one of the numbers. The answer is 7.",
    "7 is the number of days.",
    "The question has 8. The answer is 7.",
    "According to you it is 8. It is 7.",
    "The previous answer was 8. The answer is 7.",
    "The given answer is 8. The answer is 7.",
)
REMARKS = (
    " -3 is not a solution.",
    " -3 is not a valid answer.",
    "\n\n3 is not a solution, since it is negative.",
    "\n\n3 is wrong.",
    "\n8 can't be right.",
    " For 13 we get 1 = 0, which is false.",
    " If it were 8, then 1 = 0. That is wrong.",
    " I first had 8, but that is wrong.",
    " The other root, 13, gives 1 = 0, which cannot be true.",
    " Is it 8? No.",
    " 8 – no.",
    " 8? No.",
    " It seems 8, but no.",
    " The answer differs from 8.",
    "\n~~8~~",
    "\n❌ 8",
    "\n8 ist falsch.",
    "\n8 no es correcto.",
)
"""Behind an answer of 7, each of which says something true of another number."""
STATEMENTS = ("Thus \\boxed{7}.", "The answer is 7.", "So x = -3 or x = 7.\n#### 7", "Antwort: 7.")
WITHDRAWN = (
    " 7 is not a solution.",
    " 7 is not a valid answer.",
    "\n\n7 is not a solution, since it is negative.",
    "\n\n7 is wrong.",
    "\n7.0 can't be right.",
    " That is wrong.",
    " With 3 and 4 that makes 7, which is false.",
    " I first had 7, but that is wrong.",
    " Is it 7? No.",
    " It seems 7, but no.",
    " The answer differs from 7.",
    "\n~~7~~",
    "\n❌ 7",
    "\n7 ist falsch.",
    " Just kidding.",
    " For 13 we get 1 = 0. I take it back.",
)
LETTERS_STATED = (
    "According to the passage, the answer is B.",
    "According to the second paragraph, the answer is (B).",
    "One would choose B.",
    "The answer is B. They picked A.",
    "The answer is B. A is wrong.",
    "\\boxed{B}\n\nA is incorrect.",
    "The answer is B. A is not the answer.",
    "The answer is B. You said A.",
    "B) Oslo\n\nA is wrong.",
)
LETTERS_NOT_STATED = (
    "They picked B.",
    "The students chose B.",
    "A student picks B.",
    "You selected B.",
    "According to them, the answer is B.",
    "The answer is B. Compared with A, B is wrong.\nB is not the answer.",
    "You said A. The answer is B. B is wrong.",
    "The answer is B. That is wrong.",
)
NUMBER_WORDS = {
    "She has 12 left. The rest is one.": 1.0,
    "She sold 12 of them. The other one is hers.": 1.0,
    "The total is twelve.": 1.0,
    "She has 5 and buys 7.\n\ntwelve": 1.0,
    "She has 5 and buys 7.\nTwelve.": 1.0,
    "She has 5 and buys 7.\n\nThe total is twelve.": 1.0,
    "She has 12 left.\n\nThe rest is one.": 1.0,
    "The rest is one.": 0.0,
    "She has 13 left. The rest is twelve.": 0.0,
}


def value(reward: str, text: str, reference: str) -> float | None:
    return Reward(reward).score(Sample(text, reference)).value


def test_a_sentence_about_the_question_is_an_answer() -> None:
    lost = [text for text in NUMBERS_STATED if not standing_part(text)]
    wrong = [text for text in NUMBERS_STATED if value("numeric", text, "7") != 1.0]
    assert lost == [] and wrong == []


@pytest.mark.parametrize("pattern", standing.MENTIONED)
def test_each_pattern_of_a_mention_has_a_wrong_and_a_right_row(pattern: str) -> None:
    """The rows are judged elsewhere; here no pattern is without them."""
    whole, part = re.compile(rf"{pattern}\W*", re.IGNORECASE), re.compile(pattern, re.IGNORECASE)
    wrong = [frame.format(8, 9) for frame in REPORTED if "\\" not in frame] + list(LETTERS_NOT_STATED)
    assert any(whole.fullmatch(text) for text in wrong)
    assert any(part.search(text) for text in (*NUMBERS_STATED, *LETTERS_STATED))


def _behind(statement: str, remarks: tuple[str, ...]) -> list[str]:
    """The line of a `####` is its answer: there only what stands on lines of its own is a remark."""
    return [remark for remark in remarks if remark.startswith("\n") or "####" not in statement]


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("reward", ["numeric", "math"])
def test_a_remark_about_another_value_withdraws_nothing(reward: str, statement: str) -> None:
    behind = _behind(statement, REMARKS)
    lost = [remark for remark in behind if value(reward, statement + remark, "7") != 1.0]
    assert lost == []
    assert [remark for remark in behind if value(reward, statement + remark, "8") != 0.0] == []


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("reward", ["numeric", "math"])
def test_a_denial_of_the_stated_value_withdraws_it(reward: str, statement: str) -> None:
    assert [tail for tail in _behind(statement, WITHDRAWN) if value(reward, statement + tail, "7") != 0.0] == []


def test_letters() -> None:
    assert [text for text in LETTERS_STATED if value("choice", text, "B") != 1.0] == []
    assert [text for text in LETTERS_NOT_STATED if value("choice", text, "B") != 0.0] == []


@pytest.mark.parametrize("reward", ["numeric", "math"])
@pytest.mark.parametrize("text", NUMBER_WORDS)
def test_words_of_numbers_count_where_no_digit_stands_or_alone(reward: str, text: str) -> None:
    assert value(reward, text, "12") == NUMBER_WORDS[text]


@pytest.mark.parametrize("name", ["math", "numeric"])
@pytest.mark.parametrize("require", ["any", "marked"])
@pytest.mark.parametrize(
    "before",
    [
        "The text does not say how many.\n\n",
        "I do not know. ",
        "We do not know the number\n",
        "Cannot be determined.\n\n",
    ],
)
def test_what_an_earlier_sentence_does_not_know_takes_no_statement_back(name: str, require: str, before: str) -> None:
    reward = Reward(name, require=require)
    assert reward.score(Sample(before + "Answer: 5", "5")).value == 1
    assert reward.score(Sample(before, "5")).value == 0


COMMENTS = (
    ", as I expected.", ", so we are done.", ", but that was hard.", ", and we are done.", ", hence the result.",
    ", given the constraints.", ", after simplification.", ", using the formula.", ", consistent with the table.",
    ", I think.", ", exactly.", " — as the table says.",
)  # fmt: skip
CHANGES = (
    ", but that is wrong.", ", but wait.", ", so it is wrong.", ", if x is even.", ", where n is prime.",
    ", and eight.", ", as a lower bound.", ", but the correct value is eight.", ", but I doubt it.",
    ", and we get thirty.", ", by two.", ", or so I think.", ", but it could be 8.",
)  # fmt: skip


@pytest.mark.parametrize("stated", ["The answer is 7", "Answer: 7", "So the final answer is $7$"])
def test_words_behind_an_answer_leave_it_unless_they_change_it(stated: str) -> None:
    reward = Reward("math")
    assert [words for words in COMMENTS if reward.score(Sample(stated + words, "7")).value != 1] == []
    bare = [words for words in CHANGES if "$" not in stated and reward.score(Sample(stated + words, "7")).value == 1]
    assert bare == []
