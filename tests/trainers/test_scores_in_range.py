"""A benchmark whose scores cannot be compared is found when the model that begins is measured, not after training."""

from types import SimpleNamespace
from typing import Any

import pytest

from holdfast.errors import DataError
from holdfast.trainers.models.arithmetic import check_scores


def measured(*scores: float | None) -> Any:
    rows = [SimpleNamespace(doc_id=str(number), score=score) for number, score in enumerate(scores)]
    return SimpleNamespace(tasks={"mine": None}, rows=lambda task: rows if task == "mine" else [])


@pytest.mark.parametrize("score", [-0.1, 1.5, float("nan"), float("inf")])
def test_a_score_that_no_comparison_takes(score: float) -> None:
    with pytest.raises(DataError, match="benchmark mine gives item 2 a score of"):
        check_scores(measured(1.0, None, score))


def test_scores_that_it_takes() -> None:
    check_scores(measured(0.0, 1.0, None, 0.5))
