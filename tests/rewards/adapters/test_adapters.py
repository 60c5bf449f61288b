"""Every framework's call gives the verdicts of the direct call, with failures told apart."""

import math
import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from helpers.adapter_calls import ADAPTERS
from helpers.adapter_rows import Row, direct, recorded

from holdfast import Reward, Sample, UsageError
from holdfast.rewards.adapters import nemo_rl, openrlhf, trl, verl

BOTH = """
reward: weighted_sum
of:
  answer: {reward: numeric, weight: 0.75}
  short: {reward: length, maximum: 40, weight: 0.25}
"""


@pytest.fixture(scope="module", name="rows")
def _rows() -> list[Row]:
    return recorded()


@pytest.mark.parametrize("count", [200, pytest.param(2000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ADAPTERS)
def test_two_thousand_verdicts_are_the_direct_ones(name: str, count: int, rows: list[Row]) -> None:
    assert ADAPTERS[name](rows[:count], "numeric") == direct(rows[:count], "numeric")


@pytest.mark.parametrize("name", ADAPTERS)
def test_a_composite_gives_the_direct_verdicts(name: str, rows: list[Row], tmp_path: Path) -> None:
    config = tmp_path / "both.yaml"
    config.write_text(BOTH)
    own = Reward.from_config(config).score_batch([Sample(c, r, p) for p, c, r in rows[:100]])
    assert {score.value for score in own} > {0.0, 0.75}
    assert ADAPTERS[name](rows[:100], str(config)) == [score.value for score in own]


@pytest.mark.parametrize("name", ADAPTERS)
def test_the_same_from_threads(name: str, rows: list[Row]) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: ADAPTERS[name](rows[:50], "numeric"), range(8)))
    assert found == [direct(rows[:50], "numeric")] * 8


def test_a_reward_is_named_by_string_environment_or_yaml(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bound = pickle.loads(pickle.dumps(verl.exact_match))
    assert bound("s", "Paris", "Paris")["score"] == 1.0
    (tmp_path / "reward.yaml").write_text("reward: exact_match\nignore_case: true\n")
    monkeypatch.setenv("HOLDFAST_REWARD", str(tmp_path / "reward.yaml"))
    assert float(openrlhf.reward_func(["pPARIS"], ["p"], ["paris"])["rewards"][0]) == 1.0
    monkeypatch.delenv("HOLDFAST_REWARD")
    with pytest.raises(UsageError, match="HOLDFAST_REWARD"):
        openrlhf.reward_func(["x"], [""], ["x"])
    with pytest.raises(AttributeError, match="did you mean 'exact_match'"):
        _ = verl.exact_mach


def test_options_reach_the_reward_and_verls_own_do_not() -> None:
    extras: dict[str, Any] = {"reward_router_address": "x", "reward_model_tokenizer": object()}
    assert verl.compute_score("s", "PARIS", "paris", reward="exact_match", ignore_case=True, **extras)["score"] == 1.0


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(UsageError, match="different lengths"):
        nemo_rl.HoldfastEnvironment({"reward": "numeric"}).step([[], []], [{"ground_truth": "1"}])


def test_open_reward_standard_lists_one_tool(rows: list[Row]) -> None:
    from ors.server import Server

    from holdfast.rewards.adapters.ors import make_environment

    environment = make_environment("numeric", {"test": [{"prompt": "p", "reference": "1"}]})
    assert [spec.name for spec in environment.list_tools().tools] == ["submit"]
    assert Server([environment])
    with pytest.raises(UsageError, match="sdk='openreward'"):
        make_environment("numeric", {}, final_message=True)


def test_trl_environment_rewards_what_was_submitted() -> None:
    factory = pickle.loads(pickle.dumps(trl.RewardEnvironment.factory("exact_match", reference="answer")))
    environment = factory()
    environment.reset(prompt="Capital?", answer="Paris")
    assert environment.get_reward() == 0.0
    environment.submit("Paris")
    assert environment.get_reward() == 1.0
    environment.reset(prompt="Capital?", answer=None)
    environment.submit("Paris")
    assert math.isnan(environment.get_reward())


def test_no_framework_is_imported_before_it_is_used() -> None:
    import subprocess
    import sys

    names = [
        "trl",
        "verl",
        "openrlhf",
        "slime",
        "rllm",
        "open_instruct",
        "skyrl",
        "verifiers",
        "nemo_rl",
        "nemo_gym",
        "ors",
    ]
    code = "; ".join(f"import holdfast.rewards.adapters.{name}" for name in names)
    heavy = "[m for m in ('torch', 'trl', 'ray', 'skyrl_gym', 'verifiers', 'ors') if m in sys.modules]"
    result = subprocess.run(
        [sys.executable, "-c", f"import sys; {code}; print({heavy})"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ},
    )
    assert result.stdout.strip() == "[]"
