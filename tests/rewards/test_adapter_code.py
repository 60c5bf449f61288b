"""Recorded HumanEval and MBPP programs through every adapter: the sandbox's verdicts, and what a lost sandbox gives."""

import json
from pathlib import Path
from typing import Any

import pytest
from adapter_calls import ADAPTERS
from adapter_rows import Row
from paths import shared
from sandboxes import need

from holdfast import Reward, Sample

EACH = 12
"""Rows of each data set and each label; every second reference is JSON text, as labels are in most frameworks."""
FILES = {
    "humaneval": "reflexion_simple_1_gpt-3.5-turbo_pass_at_k_1.jsonl",
    "mbpp": "reflexion_mbpp-py._simple_1_gpt-4_pass_at_k_1_py.jsonl",
}
NO_VALUE = {"ors", "ray actor's class", "trl", "trl async"}
"""The frameworks that can say that there is no reward; the others' marks are in test_adapter_failures.py."""


@pytest.fixture(scope="module", name="rows")
def _rows() -> list[Row]:
    found = [row for folder, name in FILES.items() for row in _labelled(folder, name)]
    assert len(found) == 4 * EACH
    return [(p, c, json.dumps(r) if at % 2 else r) for at, (p, c, r) in enumerate(found)]


def _labelled(folder: str, name: str) -> list[Row]:
    lines = shared(folder, "recorded", name).read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [_row(row) for label in (True, False) for row in [r for r in rows if r["is_solved"] is label][:EACH]]


def _row(row: dict[str, Any]) -> Row:
    reference = {"style": "check", "tests": row["test"], "entry_point": row["entry_point"]}
    return row["prompt"], row["solution"] or "", reference


def _config(folder: Path, **options: Any) -> str:
    path = folder / "code.yaml"
    path.write_text(json.dumps({"reward": "code", **options}))
    return str(path)


def _direct(rows: list[Row], config: str) -> list[float | None]:
    scores = Reward.from_config(config).score_batch([Sample(c, r, p) for p, c, r in rows])
    return [score.value for score in scores]


@pytest.mark.parametrize("name", ADAPTERS)
def test_programs_get_the_direct_verdicts(name: str, rows: list[Row], tmp_path: Path) -> None:
    config = _config(tmp_path, backend=need("bubblewrap"), timeout=20.0)
    direct = _direct(rows, config)
    assert {0.0, 1.0} == set(direct)
    assert direct.count(1.0) == pytest.approx(2 * EACH, abs=2)  # some labels are of an earlier trial
    assert ADAPTERS[name](rows, config) == direct


@pytest.mark.parametrize("name", ADAPTERS)
def test_a_lost_sandbox_is_no_wrong_program(name: str, rows: list[Row], tmp_path: Path) -> None:
    config = _config(tmp_path, backend="docker", hosts="unix:///tmp/holdfast-no-such-engine.sock")
    assert _direct(rows[:3], config) == [None] * 3
    assert ADAPTERS[name](rows[:3], config) == [None if name in NO_VALUE else 0.0] * 3
