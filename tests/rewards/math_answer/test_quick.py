"""The fast path says what the full judge says, on everything that models wrote and on every variant judged by hand."""

import json
from pathlib import Path

import pytest
from helpers.cheap_answers import DENIALS, REPORTED, SUPPOSED
from helpers.paths import shared

from holdfast.rewards.math_answer import quick
from holdfast.rewards.math_answer.judge import judge
from holdfast.rewards.math_answer.references import BadReferenceError
from holdfast.rewards.math_answer.settings import Settings
from holdfast.sample import Sample

VARIANTS = Path(__file__).parents[1] / "answers" / "variants.jsonl"

BEHIND = (
    "is wrong.",
    "isn't it.",
    "was not right.",
    "? No.",
    ", no.",
    "but it could be 8.",
    "or maybe 8.",
    "ist falsch.",
)
FILLERS = (
    "",
    " I hope this helps!",
    " The work above shows each step." * 12,
    "\n\n" + "Each step follows from the one before. " * 10,
)
"""What a text may go on with, for longer than what is read of its end."""


def written() -> list[tuple[str, str]]:
    """Completions and references: variants, field cases and labelled solutions, each also against a near number."""
    rows = [json.loads(line) for line in VARIANTS.read_text("utf-8").splitlines()]
    pairs = [(row["text"], row["reference"]) for row in rows if isinstance(row["reference"], str)]
    for line in shared("field_cases", "answers.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        if isinstance(row["reference"], str) and isinstance(row["completion"], str):
            pairs.append((row["completion"], row["reference"]))
    for line in shared("gsm8k", "example_model_solutions.jsonl").read_text("utf-8").splitlines()[:400]:
        row = json.loads(line)
        pairs.append((row["175b_verification"]["solution"], row["ground_truth"]))
    tails = (
        "",
        "\nThat is wrong.",
        " Just kidding.",
        "\nIs that all? No.",
        "\n\nQuestion: What is 2 + 2?\nA: 4",
        " or 8",
    )
    heads = (
        "\\boxed{7}",
        "#### 7",
        "The answer is 7",
        "x\nA: 7",
        '{"answer": "7"}',
        "You said the answer is 7",
        "7,000",
        "7.0",
    )
    pairs += [(f"So it is.\n{head}{tail}", "7") for head in heads for tail in tails]
    framed = [frame.format(7, 8) for frame in (*REPORTED, *SUPPOSED, *DENIALS)]
    framed += [frame.format("\\boxed{7}", 8) for frame in (*REPORTED, *SUPPOSED, *DENIALS) if "boxed" not in frame]
    framed += [f"\\boxed{{7}} {behind}" for behind in BEHIND]
    pairs += [(f"{text}{filler}", "7") for text in framed for filler in FILLERS]
    return pairs


@pytest.mark.parametrize(
    ("settings", "least"),
    [(Settings(), 400), (Settings(require="boxed"), 75), (Settings(require="marked", stop="none"), 400)],
)
def test_the_fast_path_agrees_with_the_judge(settings: Settings, least: int) -> None:
    answered = 0
    for text, reference in written():
        score = quick.score(Sample(text, reference), settings)
        if score is None:
            continue
        answered += 1
        try:
            full = judge(text, reference, settings)
        except BadReferenceError:
            pytest.fail(f"{reference!r} is no reference, and {text[-80:]!r} was judged by it")
        assert bool(score.value) == full.verdict.equal, (text[-120:], reference, score.reason, full)
    assert answered >= least, "so many of these are read without the judge"
