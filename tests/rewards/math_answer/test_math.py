"""The `math` reward on recorded data, on its conventions, from every calling context, and on bad input."""

import asyncio
import gzip
import json
import logging
import multiprocessing
import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from helpers.paths import shared

from holdfast.errors import UsageError
from holdfast.reward import Reward
from holdfast.rewards.math_answer.references import BadReferenceError, reference_parts
from holdfast.sample import Outcome, Sample, Score

REWARD = Reward("math")
HERE = Path(__file__).parent


def rows_of(path: Path) -> list[dict[str, Any]]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        text = file.read()
    return json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]


def boxed(answer: str, reference: Any, **options: Any) -> Score:
    return Reward("math", **options).score(Sample(f"So it is $\\boxed{{{answer}}}$.", reference))


# recorded data


def test_every_uncontested_case_is_right() -> None:
    rows = rows_of(shared("math_cases.jsonl"))
    scores = REWARD.score_batch([Sample(row["text"], row["gold"]) for row in rows])
    wrong = [
        (row["id"], score.reason)
        for row, score in zip(rows, scores, strict=True)
        if (score.value == 1.0) != row["expected"] and not row["contested"]
    ]
    assert wrong == []
    assert not any(score.value == 1.0 and not row["expected"] for row, score in zip(rows, scores, strict=True))


def equivalence_rows() -> Iterator[tuple[str, int, dict[str, Any]]]:
    for path in sorted(shared("math_equivalence").glob("*.jsonl")):
        for index, row in enumerate(rows_of(path)):
            yield path.name, index, row


def test_equivalence_files_but_for_the_documented_exceptions() -> None:
    exceptions = {(row["file"], row["row"]) for row in rows_of(HERE / "math_exceptions.jsonl")}
    rows = list(equivalence_rows())
    assert len(exceptions) <= 0.08 * len(rows)
    disagreements, counts = [], {"tp": 0, "fp": 0, "fn": 0}
    for file, index, row in rows:
        score = REWARD.score(Sample("" if row["pred"] is None else str(row["pred"]), row["gold"]))
        found, expected = score.value == 1.0, row["expected"]
        if (file, index) in exceptions:
            assert found != expected, f"{file} {index} is no exception any more"
            continue
        counts["tp"] += found and expected
        counts["fp"] += found and not expected
        counts["fn"] += expected and not found
        if found != expected:
            disagreements.append((file, index, score.reason))
    assert counts["tp"] / (counts["tp"] + counts["fp"]) >= 0.995, disagreements
    assert counts["tp"] / (counts["tp"] + counts["fn"]) >= 0.97, disagreements
    assert disagreements == []


@pytest.mark.parametrize("model", ["6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification"])
def test_gsm8k_agrees_with_is_correct(model: str) -> None:
    rows = rows_of(shared("gsm8k", "example_model_solutions.jsonl"))
    scores = REWARD.score_batch([Sample(row[model]["solution"], row["ground_truth"]) for row in rows])
    assert [
        i for i, (s, row) in enumerate(zip(scores, rows, strict=True)) if (s.value == 1.0) != row[model]["is_correct"]
    ] == []


@pytest.mark.parametrize(
    ("path", "published"),
    [
        ("gsm8k/recorded/zeroeval/gsm.gpt-4o-mini-2024-07-18.json.gz", 94.24),
        ("gsm8k/recorded/zeroeval/gsm.Qwen2-7B-Instruct.json.gz", 80.06),
        ("math/recorded/zeroeval/math-l5.gpt-4o-mini-2024-07-18.json.gz", 52.15),
    ],
)
def test_zeroeval(path: str, published: float) -> None:
    rows = rows_of(shared(*path.split("/")))
    scores = REWARD.score_batch([Sample(row["output"][0], row["answer"]) for row in rows])
    assert sum(score.value or 0 for score in scores) / len(rows) * 100 == pytest.approx(published, abs=0.3)


def test_tora() -> None:
    rows = rows_of(shared("gsm8k", "recorded", "tora", "tora-70b-v1.0_gsm8k_test.jsonl.gz"))
    scores = REWARD.score_batch([Sample(row["code"][0], row["gt"]) for row in rows])
    assert sum(score.value or 0 for score in scores) / len(rows) * 100 == pytest.approx(84.3, abs=0.3)


def references() -> Iterator[str]:
    """Every reference of the shared mathematics data sets."""
    folder = shared("math")
    for path in [*sorted(folder.glob("*/test.jsonl*")), folder / "theoremqa" / "theoremqa_test.json"]:
        for row in rows_of(path):
            found = next((row[key] for key in ("answer", "final_answer", "Answer", "correct") if key in row), None)
            yield str(found[0] if isinstance(found, list) and found else row["solution"] if found is None else found)


def test_every_reference_equals_itself() -> None:
    """Each that can be judged against (about 98 of 100: the rest is prose of textbooks) is its own answer."""
    unlike, count, prose = [], 0, 0
    for reference in references():
        if not reference.strip():
            continue
        count += 1
        try:
            parts = " ; ".join(reference_parts(reference))
        except BadReferenceError:
            assert REWARD.score(Sample(reference, reference)).value is None
            prose += 1
            continue
        for text in (reference, f"After some work, the final answer is $\\boxed{{{parts}}}$."):
            if REWARD.score(Sample(text, reference)).value != 1.0:
                unlike.append((reference, text))
    assert count > 14_000
    assert prose <= 0.02 * count
    assert unlike == []


# conventions


IDENTITY = r"\frac{x}{2}-\frac{\sin(2x)}{4}+C = \frac{x}{2}-\frac{\sin x \cos x}{2}+C"
VALUES = r"\cos(\frac{3\pi}{2})=0, \sin(\frac{3\pi}{2})=-1"


@pytest.mark.parametrize(
    ("answer", "reference", "value"),
    [
        ("x^2", IDENTITY, 0.0), ("7x", IDENTITY, 0.0), (r"\frac{x}{2}-\frac{\sin(2x)}{4}+C", IDENTITY, 1.0),
        ("6/x", "xy=6", 1.0), ("5/x", "xy=6", 0.0), (r"\cos\pi=-1, \sin\pi=0", VALUES, 0.0), ("0, -1", VALUES, 1.0),
        ("-1, 0", VALUES, 0.0), (r"\cos(-\frac{\pi}{2})=0, \sin(-\frac{\pi}{2})=-1", VALUES, 1.0),
        ("-25", "-221_3", 0.0), ("-221", "-221_3", 1.0), ("-221_3", "-221_3", 1.0), ("221_3", "-221_3", 0.0),
    ],
)  # fmt: skip
def test_what_pairs_of_references_found(answer: str, reference: str, value: float) -> None:
    """An identity is an expression; computed values keep their order; digits keep their sign."""
    assert boxed(answer, reference).value == value


SAME_PARTS = (
    r"\begin{pmatrix}1&2\\3&4\end{pmatrix}",
    "[[1,2],[3,4]]",
    "1,2,3,4",
    "(1,2,3,4)",
    r"\{1,2,3,4\}",
    "[1,2,3,4]",
)


def test_the_same_parts_in_other_brackets_by_option() -> None:
    """A matrix, a point, a set and a list are one answer with brackets=ignore; half-open ones stay intervals."""
    for one in SAME_PARTS:
        for other in SAME_PARTS:
            assert boxed(one, other, brackets="ignore").value == 1.0, (one, other)
        for wrong in ("1,2,3", "(1,2,4,3)", "1,2,3,5", r"\begin{pmatrix}1&3\\2&4\end{pmatrix}", "10"):
            assert boxed(wrong, one, brackets="ignore").value == 0.0, (wrong, one)
    assert boxed("(4,3,2,1)", r"\{1,2,3,4\}", brackets="ignore", order="any").value == 1.0
    assert boxed("[0,1)", "(0,1]", brackets="ignore").value == 0.0
    assert boxed(r"\{1,2\}", "(1,2)").value == boxed(r"\begin{pmatrix}1&2\end{pmatrix}", "(1,2)").value == 0.0


@pytest.mark.parametrize(
    "case", rows_of(HERE / "math_conventions.jsonl"), ids=lambda c: f"{c['gold']}|{c['answer']}"[:60]
)
def test_conventions(case: dict[str, Any]) -> None:
    score = boxed(case["answer"], case["gold"])
    assert (score.value == 1.0) == case["expected"], score.reason


@pytest.mark.parametrize("case", rows_of(HERE / "math_texts.jsonl"), ids=lambda c: f"{c['reference']}|{c['text']}"[:60])
def test_whole_texts(case: dict[str, Any]) -> None:
    score = REWARD.score(Sample(case["text"], case["reference"]))
    assert (score.value == 1.0) == case["expected"], score.reason


@pytest.mark.parametrize(
    ("answer", "reference", "options", "by_default"),
    [
        ("3,5", "3.5", {"decimal_comma": True}, 0.0),
        ("3,125", "3,1250", {"language": "de"}, 0.0),
        ("1.234,5", "1234,5", {"language": "pt"}, 0.0),
        ("1.234", "1234", {"language": "tr"}, 0.0),
        ("0.28", "28\\%", {"percent": "never"}, 1.0),
        ("28\\%", "0.28", {"percent": "always"}, 0.0),
        ("5\\text{ cm}", "5", {"units": "strict"}, 1.0),
        ("(2,1)", "(1,2)", {"order": "any"}, 0.0),
        ("2, 1", "1, 2", {"order": "strict"}, 1.0),
        ("1.01", "100/99", {"tolerance": 0.01}, 0.0),
        ("\\int_0^1 2x dx", "1", {"seconds": 5.0}, 1.0),
    ],
)
def test_options_change_the_verdict(answer: str, reference: str, options: dict[str, Any], by_default: float) -> None:
    changed = 1.0 if "seconds" in options else 1.0 - by_default
    assert boxed(answer, reference).value == by_default
    assert boxed(answer, reference, **options).value == changed


@pytest.mark.parametrize(
    ("text", "reference", "options", "value"),
    [
        ("\\boxed{1} then \\boxed{2}", "2", {}, 0.0),
        ("\\boxed{1} then \\boxed{2}", "2", {"boxes": "last"}, 1.0),
        ("\\boxed{1} and \\boxed{2}", "1, 2", {}, 1.0),
        ("\\boxed{4}? No.\n**Final Answer**\n\\boxed{5}", "5", {}, 1.0),
        ("\\boxed{\\frac12} = \\boxed{0.5}", "1/2", {}, 1.0),
        ("<think>\\boxed{7}</think>It is \\boxed{8}.", "8", {}, 1.0),
        ("<think>\\boxed{7}", "7", {}, 0.0),
        ("The answer is 4.", "4", {}, 1.0),
        ("The answer is 4.", "4", {"require": "boxed"}, 0.0),
        ("so x is 4", "4", {"require": "marked"}, 0.0),
        ("The answer is 3 or 4.", "4", {}, 0.0),
        ("The answer is exit().", "1", {}, 0.0),
        ("\\fbox{12}", "12", {}, 1.0),
        ("Thus it is **73**", "73", {}, 1.0),
        ("#### 1,250", "1250", {}, 1.0),
        ("\\boxed{12}<|im_end|>\\boxed{13}", "12", {}, 1.0),
        ("", "1", {}, 0.0),
    ],
)
def test_extraction(text: str, reference: str, options: dict[str, Any], value: float) -> None:
    assert Reward("math", **options).score(Sample(text, reference)).value == value


def test_reason_says_what_was_read_and_which_test_decided() -> None:
    score = boxed("\\frac{2}{4}", "0.5")
    assert score.extracted == "\\frac{2}{4}"
    for piece in ("box", "read as 1/2", "'0.5'", "exact rational"):
        assert piece in score.reason


# bad input


@pytest.mark.parametrize("reference", ["", "  ", "\\frac{1}{", None, {"a": 1}, [], [None], "9" * 5000 + "+x"])
def test_bad_references_are_unjudgeable(reference: Any) -> None:
    score = REWARD.score(Sample("\\boxed{1}", reference))
    assert score.outcome is Outcome.UNJUDGEABLE and score.value is None


def test_a_bad_reference_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="holdfast"):
        REWARD.score_batch([Sample("\\boxed{1}", "\\sqrt{said once")] * 5)
    assert len(caplog.records) == 1


def test_reference_shapes() -> None:
    assert REWARD.score(Sample("\\boxed{72}", "48/2 = 24, 48+24 = 72\n#### 72")).value == 1.0
    assert REWARD.score(Sample("\\boxed{1/2}", ["0.4", "0.5"])).value == 1.0
    assert REWARD.score(Sample("\\boxed{27}", 27.0)).value == 1.0
    assert REWARD.score(Sample("\\boxed{1/2}", ["\\frac{", "0.5"])).value == 1.0
    with pytest.raises(BadReferenceError):
        reference_parts("\\boxed{ }}")


@pytest.mark.parametrize(("option", "value"), [("tolerance", 1.5), ("seconds", 0.0), ("percent", "perhaps")])
def test_bad_options(option: str, value: Any) -> None:
    with pytest.raises(UsageError, match=option):
        Reward("math", **{option: value})


# calling contexts


def context_samples() -> list[Sample]:
    rows = rows_of(HERE / "math_conventions.jsonl")
    samples = [Sample(f"\\boxed{{{row['answer']}}}", row["gold"]) for row in rows]
    return [*samples, Sample("\\boxed{\\int_0^1 2x dx}", "1"), Sample("\\boxed{1}", "\\frac{")]


def verdicts(reward: Reward) -> list[float | None]:
    return [score.value for score in reward.score_batch(context_samples())]


def test_the_same_verdicts_from_everywhere() -> None:
    expected = verdicts(REWARD)
    with ThreadPoolExecutor(8) as threads:
        for found in threads.map(verdicts, [Reward("math") for _ in range(8)]):
            assert found == expected
    assert [score.value for score in asyncio.run(REWARD.ascore_batch(context_samples()))] == expected
    singly = [REWARD.score(sample).value for sample in context_samples()]
    assert singly == expected
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(_pickled_verdicts, (pickle.dumps(REWARD), context_samples())) == expected


def _pickled_verdicts(pickled: bytes, samples: list[Sample]) -> list[float | None]:
    reward: Reward = pickle.loads(pickled)
    return [score.value for score in reward.score_batch(samples)]
