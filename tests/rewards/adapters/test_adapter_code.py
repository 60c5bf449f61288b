"""Recorded HumanEval and MBPP programs through every adapter: the sandbox's verdicts, and what a lost sandbox gives."""

from pathlib import Path

import pytest
from helpers.adapter_calls import ADAPTERS
from helpers.adapter_rows import GONE, Row, code_config, direct, programs
from helpers.sandboxes import need

NO_VALUE = {"ors", "ray actor's class", "trl", "trl async"}
"""The frameworks that can say that there is no reward; the others' marks are in test_adapter_failures.py."""


@pytest.fixture(scope="module", name="rows")
def _rows() -> list[Row]:
    return programs()


@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ADAPTERS)
def test_programs_get_the_direct_verdicts(name: str, every: int, rows: list[Row], tmp_path: Path) -> None:
    config = code_config(tmp_path, need("bubblewrap"))
    rows = rows[:: every + 1 if every > 1 else 1]
    expected = direct(rows, config)
    assert {0.0, 1.0} == set(expected)
    assert expected.count(1.0) == pytest.approx(len(rows) // 2, abs=2)  # some labels are of an earlier trial
    assert ADAPTERS[name](rows, config) == expected


@pytest.mark.parametrize("name", ADAPTERS)
def test_a_lost_sandbox_is_no_wrong_program(name: str, rows: list[Row], tmp_path: Path) -> None:
    config = code_config(tmp_path, "docker", hosts=GONE)
    assert direct(rows[:3], config) == [None] * 3
    assert ADAPTERS[name](rows[:3], config) == [None if name in NO_VALUE else 0.0] * 3
