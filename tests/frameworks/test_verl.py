"""verl 0.9.1's own managers, config loading and validation metrics, with our compute_score."""

from pathlib import Path
from typing import Any

import pytest
from helpers import side
from helpers.adapter_rows import GONE, Row, code_config, direct, programs, recorded
from helpers.sandboxes import need

from holdfast.rewards.adapters import verl

pytestmark = pytest.mark.slow

OTHERS = ("pyvers==0.2.3", "codetiming==1.4.0", "torchdata==0.11.0", "orjson==3.13.0", "cachetools==8.0.0")
PACKAGES = ("verl==0.9.1", "tensordict==0.10.0", *OTHERS)
LOADED = {"pkg": "pkg://holdfast.rewards.adapters.verl", "file": verl.__file__}


@pytest.fixture(scope="module")
def folder() -> Any:
    return side.packages("verl", *PACKAGES)


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return recorded()


def _asked(rows: Any, manager: str, path: str = "pkg", name: str = "compute_score", **kwargs: Any) -> dict[str, Any]:
    function = {"path": LOADED[path], "name": name, "reward_kwargs": kwargs}
    managed = {"source": "register", "name": manager}
    reward = {"custom_reward_function": function, "reward_manager": managed, "sandbox_fusion": None}
    return {"rows": rows, "config": {"reward": reward, "trainer": {"experiment_name": "x"}}}


@pytest.mark.parametrize(
    ("manager", "path", "name", "options"),
    [
        ("legacy:naive", "file", "compute_score", {"reward": "numeric"}),
        ("legacy:naive", "file", "numeric", {}),
        ("legacy:dapo", "pkg", "numeric", {}),
        ("legacy:batch", "pkg", "compute_score_batch", {"reward": "numeric"}),
        ("legacy:prime", "pkg", "compute_number", {"reward": "numeric"}),
        ("loop:naive", "file", "numeric", {}),
        ("loop:naive", "pkg", "compute_score", {"reward": "numeric"}),
        ("loop:dapo", "pkg", "numeric", {}),
        ("loop:gdpo", "pkg", "numeric", {}),
        ("loop:rate_limited", "pkg", "numeric", {}),
    ],
)
def test_two_thousand_verdicts(
    folder: Any, rows: list[Row], manager: str, path: str, name: str, options: dict[str, Any]
) -> None:
    some = rows[:200] if manager in ("legacy:prime", "loop:rate_limited") else rows
    asked = _asked(some, manager.partition(":")[2], path, name, **options)
    found = side.run(folder, "verl_managers", asked, manager)
    assert found["rewards"] == direct(some, "numeric")
    if name != "compute_number":
        assert set(found["extra"]) >= {"score", "judged", "outcome", "reason", "extracted"}
        assert found["validation"]["judged"] == 1.0


@pytest.mark.parametrize("manager", ["legacy:naive", "loop:naive"])
def test_what_cannot_be_judged_is_marked_and_logged(folder: Any, manager: str) -> None:
    some = [["p", "The answer is 1", "1"], ["p", "The answer is 1", "no number"], ["p", "2", "1"]]
    found = side.run(folder, "verl_managers", _asked(some, "naive", name="numeric"), manager)
    assert found["rewards"] == [1.0, 0.0, 0.0]
    assert found["extra"]["judged"] == [1.0, 0.0, 1.0]
    assert found["extra"]["outcome"] == ["correct", "unjudgeable", "wrong"]
    assert found["validation"]["judged"] == pytest.approx(2 / 3)


def test_a_reward_that_does_not_exist_ends_the_run_at_the_start(folder: Any) -> None:
    asked = _asked([["p", "1", "1"]], "naive", name="numerc")
    with pytest.raises(AssertionError, match="Object not found"):
        side.run(folder, "verl_managers", asked, "loop:naive")


@pytest.mark.parametrize("manager", ["legacy:naive", "legacy:batch", "loop:naive", "loop:gdpo"])
def test_programs_in_the_sandbox(folder: Any, tmp_path: Path, manager: str) -> None:
    config, rows = code_config(tmp_path, need("bubblewrap")), programs()
    name = "compute_score_batch" if manager == "legacy:batch" else "compute_score"
    asked = _asked(rows, manager.partition(":")[2], name=name, reward=config)
    assert side.run(folder, "verl_managers", asked, manager)["rewards"] == direct(rows, config)
    asked = _asked(rows[:3], manager.partition(":")[2], name=name, reward=code_config(tmp_path, "docker", hosts=GONE))
    lost = side.run(folder, "verl_managers", asked, manager)
    assert (lost["rewards"], lost["extra"]["judged"], lost["extra"]["outcome"]) == ([0.0] * 3, [0.0] * 3, ["error"] * 3)
