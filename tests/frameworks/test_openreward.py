"""openreward 0.1.167's own Environment and Server with our class."""

from pathlib import Path

import pytest
from helpers import side
from helpers.adapter_rows import GONE, code_config, direct, programs, recorded
from helpers.sandboxes import need

pytestmark = pytest.mark.slow


def test_two_thousand_verdicts_and_none_for_what_cannot_be_judged() -> None:
    folder = side.packages("openreward", "openreward==0.1.167", dependencies=True)
    rows = recorded()
    found = side.run(folder, "openreward_environment", [*rows, ("p", "1", "no number")], "numeric")
    assert found["tools"] == []
    assert found["found"] == [[value, True] for value in [*direct(rows, "numeric"), None]]


def test_programs_in_the_sandbox(tmp_path: Path) -> None:
    folder = side.packages("openreward", "openreward==0.1.167", dependencies=True)
    config, rows = code_config(tmp_path, need("bubblewrap")), programs()
    found = side.run(folder, "openreward_environment", rows, config)["found"]
    assert found == [[value, True] for value in direct(rows, config)]
    gone = code_config(tmp_path, "docker", hosts=GONE)
    assert side.run(folder, "openreward_environment", rows[:3], gone)["found"] == [[None, True]] * 3
