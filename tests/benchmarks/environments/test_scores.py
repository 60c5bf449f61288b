"""Foreign values become outcomes of ours."""

import pytest

from holdfast.benchmarks.environments.drivers.scores import foreign_score
from holdfast.sample import Outcome


@pytest.mark.parametrize(
    ("value", "outcome"),
    [
        (1.0, "correct"),
        (True, "correct"),
        (0, "wrong"),
        (0.25, "partial"),
        (None, "error"),
        (float("nan"), "error"),
        (1.5, "error"),
        (-0.1, "error"),
        ("1", "error"),
        ([1.0], "error"),
    ],
)
def test_foreign_values_become_outcomes(value: object, outcome: str) -> None:
    assert foreign_score(value).outcome == Outcome(outcome)
