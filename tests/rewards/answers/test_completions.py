"""Completions as people's models write them, in ten languages and many styles, judged by hand before any reward read
them: thoughts, tables, bold, boxes, JSON, hedges, lists of guesses, denials, corrections."""

import json
from pathlib import Path

import pytest

from holdfast.reward import Reward
from holdfast.sample import Sample

ROWS = [json.loads(line) for line in (Path(__file__).parent / "completions.jsonl").read_text("utf-8").splitlines()]
CHOICES = {"choices": ["Rome", "Oslo", "Paris", "Bern"]}


@pytest.mark.parametrize(("name", "kind"), [("math", "number"), ("numeric", "number"), ("choice", "choice")])
def test_every_completion_is_read_as_it_was_meant(name: str, kind: str) -> None:
    rows = [row for row in ROWS if row["reward"] == kind]
    scores = Reward(name).score_batch([Sample(row["text"], row["reference"], info=CHOICES) for row in rows])
    wrong = [
        (row["text"], row["reference"], score.reason)
        for row, score in zip(rows, scores, strict=True)
        if (score.value == 1.0) != row["expected"]
    ]
    assert wrong == []
    assert len(rows) > 50


@pytest.mark.parametrize(
    ("text", "reference", "value"),
    [
        ("Paris", "Paris", 1.0),
        (" Paris\n", "Paris", 1.0),
        ("<think>Rome?</think>\n\nParis", "Paris", 1.0),
        ("<think>Paris", "Paris", 0.0),
        ("paris", "Paris", 0.0),
        ("Paris.", "Paris", 0.0),
        ("Cafe\u0301", "Caf\u00e9", 1.0),
    ],
)
def test_exact_match(text: str, reference: str, value: float) -> None:
    assert Reward("exact_match").score(Sample(text, reference)).value == value


LISTED = (
    "x=7, y=8",
    "x = 7 and y = 8",
    "Ann: 7, Ben: 8",
    "7 apples, 8 pears",
    "Monday: 7; Tuesday: 8",
    "a = 7 cm, b = 8 cm",
)


@pytest.mark.parametrize("before", ["", "First we add.\n\n", "First we add 3 and 9.\nHalf of it is 6.\n\n"])
@pytest.mark.parametrize("name", ["math", "numeric"])
def test_a_last_line_of_several_values_is_none_of_them(name: str, before: str) -> None:
    """Unless it sums them up, or they are the answer together."""
    reward = Reward(name)
    assert [line for line in LISTED if reward.score(Sample(before + line, "8")).value != 0.0] == []
    assert reward.score(Sample(before + "Cost: 7, total: 8", "8")).value == 1.0
    assert Reward("math").score(Sample(before + "x=7, y=8", "x = 7, y = 8")).value == 1.0
