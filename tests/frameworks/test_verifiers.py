"""verifiers' own v0 Rubric (0.1.14) and v1 Task (0.4.0) with our rewards."""

import pytest
import side
from adapter_rows import direct, recorded

pytestmark = pytest.mark.slow
UNJUDGED = [["p", "The answer is 1", "no number"], ["p", "The answer is 1", "1"]]


def test_a_v1_task() -> None:
    folder, rows = side.packages("verifiers1", "verifiers==0.4.0", dependencies=True), recorded()
    assert side.run(folder, "verifiers_v1", rows, "numeric") == [[v, 1.0, ""] for v in direct(rows, "numeric")]
    (value, judged, error), right = side.run(folder, "verifiers_v1", UNJUDGED, "numeric")
    assert (value, judged, right) == (None, 0.0, [1.0, 1.0, ""])
    assert "UnjudgedError: unjudgeable" in error


def test_a_v0_rubric() -> None:
    folder, rows = side.packages("verifiers0", "verifiers==0.1.14"), recorded()
    found = side.run(folder, "verifiers_v0", rows, "numeric")
    assert found["group"] == [[v, 1.0] for v in direct(rows, "numeric")]
    assert found["alone"] == found["group"][:20]
    assert side.run(folder, "verifiers_v0", UNJUDGED, "numeric")["group"] == [[0.0, 0.0], [1.0, 1.0]]
