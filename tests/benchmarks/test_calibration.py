"""Calibration against figures computed by hand."""

from math import log

import pytest

from holdfast.benchmarks.engine.calibration import calibration_metrics
from holdfast.runs.row import Row


def row(right: str, **chances: float) -> Row:
    parts = {f"logprob_{label}": log(chance) - 3.0 for label, chance in chances.items()}  # an equal factor cancels out
    best = max(chances, key=chances.__getitem__)
    score = float(best == right)
    return Row("t", str(id(parts)), "", "", "?", best, right, score, "correct" if score else "wrong", parts=parts)


def test_a_model_that_knows_what_it_knows() -> None:
    found = calibration_metrics([row("A", A=0.999999, B=0.000001) for _ in range(4)])
    assert found["ece"] == pytest.approx(0.0, abs=1e-5) and found["brier"] == pytest.approx(0.0, abs=1e-5)


def test_a_model_too_sure_of_itself() -> None:
    """Four answers with 0.9, two of them right: |0.9 - 0.5|; Brier (0.01 + 0.01 + 0.81 + 0.81) / 2 on average."""
    rows = [row("A", A=0.9, B=0.1), row("B", A=0.9, B=0.1)] * 2
    found = calibration_metrics(rows)
    assert found["ece"] == pytest.approx(0.4) and found["brier"] == pytest.approx((0.02 + 1.62) / 2)


def test_rows_without_likelihoods_have_none() -> None:
    assert calibration_metrics([Row("t", "0", "", "", "?", "A", "A", 1.0, "correct")]) == {}
