"""`math` and `numeric` where an answer is doubted, denied, changed or listed: no way of naming two values is right."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from holdfast.reward import Reward
from holdfast.sample import Sample

REWARDS = {name: Reward(name) for name in ("math", "numeric")}
DOUBTS = [
    " or ",
    " or maybe ",
    " or perhaps ",
    " (or ",
    " (maybe ",
    ", or ",
    ", maybe ",
    "? Or ",
    " / or ",
    ", alternatively ",
]
BOTH = [*DOUBTS, " and ", ", ", "; ", " | ", " to "]
FRAMES = [
    "The answer is {}.",
    "Answer: {}",
    "#### {}",
    "**Answer:** {}",
    "So the final answer is {}",
    "<answer>{}</answer>",
]
CHANGES = ["not {}", "definitely not {}", "never {}", "more than {}", "less than {}", "twice {}", "half of {}",
           "double {}", "the square root of {}", "anything but {}", "between {} and 10000", "{} times 3",
           "{} plus 1", "{} divided by 2", "{} squared", "{}^2", "{} million", "{} thousand"]  # fmt: skip
PLAIN = ["{}", "{}.", "**{}**", "{} apples", "{}!", "{}?", '"{}"', "`{}`", "${}$", "{} apples in total",
         "{}, not 77777", "{} (because it is so)", "{}.0", "{} since 3 + 4 = 7", "{} apples, as required",
         "exactly {}", "{} 😊", "{}, of course"]  # fmt: skip
numbers = st.integers(min_value=2, max_value=9999)


@pytest.mark.parametrize("name", REWARDS)
@settings(max_examples=150, deadline=None)
@given(numbers, numbers, st.sampled_from(BOTH), st.sampled_from(FRAMES))
def test_two_values_are_never_one(name: str, one: int, other: int, doubt: str, frame: str) -> None:
    assume(one != other)
    text = frame.format(f"{one}{doubt}{other}" + ")" * doubt.count("("))
    for reference in (str(one), str(other)):
        assert REWARDS[name].score(Sample(text, reference)).value == 0.0, text


@pytest.mark.parametrize("name", REWARDS)
@settings(max_examples=100, deadline=None)
@given(numbers, numbers, st.sampled_from(DOUBTS))
def test_a_doubt_around_boxes(name: str, one: int, other: int, doubt: str) -> None:
    assume(one != other)
    closing = ")" * doubt.count("(")
    texts = [f"\\boxed{{{one} \\text{{{doubt}}} {other}{closing}}}", f"\\boxed{{{one}}} or \\boxed{{{other}}}"]
    for text in texts:
        for reference in (str(one), str(other)):
            assert REWARDS[name].score(Sample(text, reference)).value == 0.0, text


@pytest.mark.parametrize("name", REWARDS)
@settings(max_examples=150, deadline=None)
@given(numbers, st.sampled_from(CHANGES), st.sampled_from(FRAMES))
def test_a_changed_or_denied_value_is_another(name: str, number: int, change: str, frame: str) -> None:
    text = frame.format(change.format(number))
    assert REWARDS[name].score(Sample(text, str(number))).value == 0.0, text


@pytest.mark.parametrize("name", REWARDS)
@settings(max_examples=150, deadline=None)
@given(numbers, st.sampled_from(PLAIN), st.sampled_from(FRAMES))
def test_a_plain_value_is_read(name: str, number: int, plain: str, frame: str) -> None:
    text = frame.format(plain.format(number))
    assert REWARDS[name].score(Sample(text, str(number))).value == 1.0, text
    assert REWARDS[name].score(Sample(text, str(number + 1))).value == 0.0, text


@pytest.mark.parametrize("name", REWARDS)
@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("The answer is not 43 but 42.", 42),
        ("The answer is minus 42.", -42),
        ("So the total is negative 42.", -42),
        ("The answer is 6 * 7 = 42.", 42),
        ("The answer is 2 hours or 120 minutes.", 2),
        ("The answer is 3 1/2.", "7/2"),
        ("\\boxed{137 \\frac{1}{2}}", "137.5"),
        ("The answer is 42 thousand.", 42000),
        ("#### Step 4: the sum\nThe total is 42.", 42),
        ("#### 3. Final computation\nTotal = 42", 42),
        ("<think>41</think> <answer>42</answer>", 42),
        ("<answer>42</answer> is what I found in 3 steps", 42),
        ("Answer - 42", 42),
        ("6! = 720, so there are $6!=720$ ways.", 720),
    ],
)
def test_what_both_read(name: str, text: str, reference: object) -> None:
    assert REWARDS[name].score(Sample(text, reference)).value == 1.0, (
        REWARDS[name].score(Sample(text, reference)).reason
    )


@pytest.mark.parametrize(
    "reference", ["2, 3", "[2, 3]", "(-7, 3)", "6 + 9i", "\\boxed{6+9i}", "19 and 43", "3 or 4", "x^2 - 5"]
)
def test_a_reference_of_several_numbers_is_not_one_number(reference: str) -> None:
    assert REWARDS["numeric"].score(Sample("2", reference)).value is None
