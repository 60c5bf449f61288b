"""openreward 0.1.167's own Environment and Server with our class."""

import pytest
import side
from adapter_rows import direct, recorded

pytestmark = pytest.mark.slow


def test_two_thousand_verdicts_and_none_for_what_cannot_be_judged() -> None:
    folder = side.packages("openreward", "openreward==0.1.167", dependencies=True)
    rows = recorded()
    found = side.run(folder, "openreward_environment", [*rows, ("p", "1", "no number")], "numeric")
    assert found["tools"] == []
    assert found["found"] == [[value, True] for value in [*direct(rows, "numeric"), None]]
