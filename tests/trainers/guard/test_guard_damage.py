"""On a run that truly forgets the guard stops within the first third of the damage."""

from pathlib import Path

import pytest
from helpers.guard_damage import SETTINGS, damage


@pytest.mark.slow
@pytest.mark.parametrize("setting", SETTINGS)
def test_it_stops_within_the_first_third_of_the_damage(setting: str, tmp_path: Path) -> None:
    found = damage(setting, 0, tmp_path)
    print(setting, found, f"{found.share:.2f}")
    assert found.at_end > 5, "this training forgets"
    assert found.stopped < 200
    assert found.share <= 1 / 3
