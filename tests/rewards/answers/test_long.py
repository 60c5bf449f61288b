"""Texts of one thing repeated, as long as a runaway completion: every reward that reads answers is done with them in
time that grows with their length, not with its square (6,000 line ends took `choice` a second)."""

import pytest
from helpers.bounded import bounded

from holdfast.reward import Reward
from holdfast.sample import Outcome, Sample

UNITS = (
    "\n", " ", ".", "!", "1", "?", "1? yes ", "(", " (as ", ": no ", " minus ", " nicht", "; weil", "x = 7, ",
    "A. x - ", ", so B", ". It is ", " mas ", " und nicht", "。", "，所以", " das Doppelte von", "Answer: ",
    "Respuesta: ", " - ", "{1,", ", not A", " and a half", "Answer:\n- ", "\\boxed{",
)  # fmt: skip
FRAMES = (("", ""), ("Antwort: 7", "."), ("7", "(7)"), ("Answer: ", "B"))
LENGTH, SECONDS = 8_000, 10.0


@pytest.mark.parametrize("unit", UNITS)
def test_a_repeated_text_is_read_in_bounded_time(unit: str) -> None:
    body = unit * (LENGTH // len(unit))
    for before, behind in FRAMES:
        for name, reference in (("math", "7"), ("numeric", "7"), ("choice", "B")):
            with bounded(SECONDS):
                score = Reward(name).score(Sample(before + body + behind, reference))
            assert score.outcome in (Outcome.CORRECT, Outcome.WRONG)
