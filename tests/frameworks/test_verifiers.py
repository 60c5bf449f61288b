"""verifiers' own v0 Rubric (0.1.14) and v1 Task (0.4.0) with our rewards."""

from pathlib import Path

import pytest
from helpers import side
from helpers.adapter_rows import GONE, code_config, direct, programs, recorded
from helpers.sandboxes import need

pytestmark = pytest.mark.slow
V0, V1 = ("verifiers==0.1.14",), ("verifiers==0.4.0",)
UNJUDGED = [["p", "The answer is 1", "no number"], ["p", "The answer is 1", "1"]]


def test_a_v1_task() -> None:
    folder, rows = side.packages("verifiers1", *V1, dependencies=True), recorded()
    assert side.run(folder, "verifiers_v1", rows, "numeric") == [[v, 1.0, ""] for v in direct(rows, "numeric")]
    (value, judged, error), right = side.run(folder, "verifiers_v1", UNJUDGED, "numeric")
    assert (value, judged, right) == (None, 0.0, [1.0, 1.0, ""])
    assert "UnjudgedError: unjudgeable" in error


def test_a_v0_rubric() -> None:
    folder, rows = side.packages("verifiers0", *V0), recorded()
    found = side.run(folder, "verifiers_v0", rows, "numeric")
    assert found["group"] == [[v, 1.0] for v in direct(rows, "numeric")]
    assert found["alone"] == found["group"][:20]
    assert side.run(folder, "verifiers_v0", UNJUDGED, "numeric")["group"] == [[0.0, 0.0], [1.0, 1.0]]


def test_programs_in_the_sandbox(tmp_path: Path) -> None:
    config, rows = code_config(tmp_path, need("bubblewrap")), programs()
    task, rubric = side.packages("verifiers1", *V1, dependencies=True), side.packages("verifiers0", *V0)
    expected = direct(rows, config)
    assert side.run(task, "verifiers_v1", rows, config) == [[value, 1.0, ""] for value in expected]
    assert side.run(rubric, "verifiers_v0", rows, config)["group"] == [[value, 1.0] for value in expected]
    gone = code_config(tmp_path, "docker", hosts=GONE)
    for value, judged, error in side.run(task, "verifiers_v1", rows[:3], gone):
        assert (value, judged) == (None, 0.0) and "UnjudgedError: error" in error
    assert side.run(rubric, "verifiers_v0", rows[:3], gone)["group"] == [[0.0, 0.0]] * 3
