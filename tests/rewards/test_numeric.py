"""The `numeric` reward on every recorded GSM8K output, on odd number formats and on hostile text."""

import gzip
import json
from fractions import Fraction

import pytest
from helpers.paths import shared
from hypothesis import given
from hypothesis import strategies as st

from holdfast.errors import UsageError
from holdfast.reward import Reward
from holdfast.sample import Outcome, Sample

REWARD = Reward("numeric")


def value(completion: str, reference: object, **options: object) -> float | None:
    return Reward("numeric", **options).score(Sample(completion, reference)).value


@pytest.mark.parametrize("model", ["6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification"])
def test_agrees_with_is_correct_on_every_row(model: str) -> None:
    path = shared("gsm8k", "example_model_solutions.jsonl")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    scores = REWARD.score_batch([Sample(row[model]["solution"], row["ground_truth"]) for row in rows])
    wrong = [
        i for i, (s, row) in enumerate(zip(scores, rows, strict=True)) if bool(s.value) != row[model]["is_correct"]
    ]
    assert len(rows) == 1319 and wrong == []


@pytest.mark.parametrize(("model", "published"), [("gpt-4o-mini-2024-07-18", 94.24), ("Qwen2-7B-Instruct", 80.06)])
def test_zeroeval(model: str, published: float) -> None:
    with gzip.open(shared("gsm8k", "recorded", "zeroeval", f"gsm.{model}.json.gz"), "rt") as file:
        rows = json.load(file)
    scores = REWARD.score_batch([Sample(row["output"][0], row["answer"]) for row in rows])
    assert sum(s.value or 0 for s in scores) / len(rows) * 100 == pytest.approx(published, abs=0.3)


def test_tora() -> None:
    with gzip.open(shared("gsm8k", "recorded", "tora", "tora-70b-v1.0_gsm8k_test.jsonl.gz"), "rt") as file:
        rows = [json.loads(line) for line in file]
    scores = REWARD.score_batch([Sample(row["code"][0], row["gt"]) for row in rows])
    assert sum(s.value or 0 for s in scores) / len(rows) * 100 == pytest.approx(84.3, abs=0.3)


@pytest.mark.parametrize(
    ("completion", "reference"),
    [
        ("so 48 / 2 = 24 and 48 + 24 = 72", "Natalia … <<48+24=72>>72 clips.\n#### 72"),
        ("#### $1,250.00", 1250),
        ("The total is \\boxed{1{,}250} dollars, which is 2 more than 1248.", "1,250"),
        ("**Answer:** -3.50", -3.5),
        ("She lost -$12.", -12),
        ("The answer is 1/2.", 0.5),
        ("\\boxed{\\frac{3}{4}}", "0.75"),
        ("1.5e3 grams", "1,500 g"),
        ("<think>maybe 7</think> 8", 8),
        ("It is 10 − 3 = 7.", 7),
        ("#### 72 clips", ["seventy-two", "72"]),
        ("12,34", 34),
        ('{"reasoning": "2+2=4", "answer": "4"}', "# 4"),
    ],
)
def test_reads_the_number(completion: str, reference: object) -> None:
    assert value(completion, reference) == 1.0


@pytest.mark.parametrize(
    ("completion", "reference"),
    [
        ("12 or 13", 12),
        ("", 0),
        ("no number", 1),
        ("72.5", 72),
        ("10-3", 3),
        ("5-7", 7),
        ("-5", 5),
        ("0.333", "1/3"),
        ("<think>5</think>", 5),
        ("<think>so 5", 5),
    ],
)
def test_is_not_fooled(completion: str, reference: object) -> None:
    assert value(completion, reference) == 0.0


@pytest.mark.parametrize("reference", ["none", None, [], True, {"a": 1}])
def test_a_reference_without_a_number_is_unjudgeable(reference: object) -> None:
    assert REWARD.score(Sample("1", reference)).outcome is Outcome.UNJUDGEABLE


def test_options() -> None:
    assert value("5 apples", 5, require="marked") == 0.0
    assert value("The answer is 4. The answer is 5.", 4, which="first") == 1.0
    assert value("The answer is 4. The answer is 5.", 5, which="agreeing") == 0.0
    assert value("The answer is 5. The answer is 5.", 5, which="agreeing") == 1.0
    assert value("0.333", "1/3", tolerance=0.01) == 1.0
    assert [value("Antwort: 1.250,5 Euro", 1250.5, language=code) for code in ("de", "en", None)] == [1.0, 0.0, 0.0]
    assert [value("The answer is 1,250.", 1250, language=code) for code in ("en", "hi", None)] == [1.0] * 3
    assert value("So insgesamt 12.345.678 km.", "12.345.678", language="de") == 1.0
    with pytest.raises(UsageError, match="language"):
        Reward("numeric", language="ger")
    with pytest.raises(UsageError, match="tolerance"):
        Reward("numeric", tolerance=2.0)


@pytest.mark.parametrize("text", ["1" * 10**6, "1," * 10**5, "<<" * 10**5, "\\boxed{" * 30_000, "answer is " * 10**5])
def test_hostile_text_is_bounded(text: str) -> None:
    assert REWARD.score(Sample(text, 7)).value == 0.0


@given(st.text(alphabet="0123456789.,/-+$% \n{}\\boxed#<>eE", max_size=200), st.integers())
def test_never_raises_and_the_batch_agrees(text: str, reference: int) -> None:
    sample = Sample(text, reference)
    assert [REWARD.score(sample)] * 2 == REWARD.score_batch([sample, sample])
    assert REWARD.score(sample).outcome in (Outcome.CORRECT, Outcome.WRONG)


@given(
    st.fractions(min_value=-(10**9), max_value=10**9),
    st.sampled_from(["#### {}", "so it is {}", "\\boxed{{{}}}"]),
)
def test_a_number_equals_itself(number: Fraction, frame: str) -> None:
    assert value(frame.format(number), str(number)) == 1.0
    assert value(frame.format(number + 1), str(number)) == 0.0


@pytest.mark.parametrize(
    ("completion", "reference", "value"),
    [
        ("The answer is 3 or 4.", "3", 0.0),
        ("It is 12 or 13.", "13", 0.0),
        ("The answer is either 3 or 4 apples", "4", 0.0),
        ("The answer is 4 (or maybe 3).", "4", 0.0),
        ("The final answer is 42. Or 41.", "42", 0.0),
        ("The answer is 3, 4, 5", "3", 0.0),
        ("#### 3 or 4", "3", 0.0),
        ("The answer is not 42.", "42", 0.0),
        ("The answer is 10^10^10", "10", 0.0),
        ("The answer is 2 hours or 120 minutes.", "2", 1.0),
        ("The answer is $3 or 300 cents", "3", 1.0),
        ("The answer is 0.5 or 50%", "0.5", 1.0),
        ("The answer is 42 or 42.0", "42", 1.0),
        ("The answer is not an integer; it is 4.2", "4.2", 1.0),
        ("It takes 3 or 4 days so the answer is 12.", "12", 1.0),
        ("The answer is 12, 5 more than 7", "12", 1.0),
    ],
)
def test_a_hedge_is_no_answer(completion: str, reference: str, value: float) -> None:
    assert Reward("numeric").score(Sample(completion, reference)).value == value
