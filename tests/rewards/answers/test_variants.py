"""Answers as people and models write them, judged by hand: notations, units, currencies, dates, languages, digits.

`variants.jsonl` holds reward, text, reference and whether the text states it.
"""

import json
from pathlib import Path

import pytest

from holdfast.reward import Reward
from holdfast.sample import Sample

ROWS = [json.loads(line) for line in (Path(__file__).parent / "variants.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("name", ["math", "numeric"])
def test_every_variant_is_read_as_it_was_meant(name: str) -> None:
    rows = [row for row in ROWS if row["reward"] == name]
    scores = Reward(name).score_batch([Sample(row["text"], row["reference"]) for row in rows])
    wrong = [
        (row["text"], row["reference"], score.reason)
        for row, score in zip(rows, scores, strict=True)
        if (score.value == 1.0) != row["expected"]
    ]
    assert wrong == []
    assert len(rows) > 200


@pytest.mark.parametrize("name", ["math", "numeric"])
@pytest.mark.parametrize("before", ["We compute step by step.\n\n", "First we add 3 and 9.\nHalf of it is 6.\n\n"])
def test_a_last_line_is_read_as_a_text_of_its_own(name: str, before: str) -> None:
    """A value alone on the last line answers, behind whatever was written before."""
    rows = [row for row in ROWS if row["reward"] == name]
    scores = Reward(name).score_batch([Sample(before + row["text"], row["reference"]) for row in rows])
    wrong = [
        (row["text"], row["reference"], score.reason)
        for row, score in zip(rows, scores, strict=True)
        if (score.value == 1.0) != row["expected"]
    ]
    assert wrong == []
