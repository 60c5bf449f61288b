"""τ-bench: the 200 published trajectories of gpt-4o played again, and every reference of the shop."""

import gzip
import json
from typing import Any

import pytest
from helpers.paths import shared

from holdfast.environment import make_environment, replay
from holdfast.importers.tau_bench import pass_hat, read
from holdfast.reward import Reward
from holdfast.sample import Sample


def trials() -> list[dict[str, Any]]:
    packed = (shared() / "tau_bench" / "gpt-4o-airline.json.gz").read_bytes()
    return json.loads(gzip.decompress(packed))


def test_the_200_recorded_trajectories_get_their_recorded_rewards() -> None:
    """The observations that differ are the 120 user profiles whose `province` the published data has since renamed
    `state`; nothing else does."""
    made = make_environment("tau_airline", data_root=str(shared()))
    rows = {row["key"]: row for row in made.tasks("test")}
    other, right = 0, 0
    for trial in trials():
        messages = [{**m, "content": (m["content"] or "").replace('"province"', '"state"')} for m in trial["traj"]]
        score, differences = replay(made, rows[str(trial["task_id"])], 0, messages[2:], messages[:2])
        right += score.value == trial["reward"]
        assert differences == [], differences
        other += sum('"province"' in (m["content"] or "") for m in trial["traj"] if m["role"] == "tool")
    assert (right, other) == (200, 120)


def test_their_pass_hat_k_by_the_reward_on_the_rows() -> None:
    """`holdfast score` of the recorded trajectories gives the published .420, .273, .220, .200."""
    recorded = read(shared() / "tau_bench" / "gpt-4o-airline.json.gz")
    assert recorded is not None
    (task,) = recorded.tasks
    rows = list(recorded.rows(task))
    reward = Reward("episode", data_root=str(shared()))
    for row in rows:
        reference = {"environment": "tau_airline", "split": "test", "key": row.doc_id}
        score = reward.score(Sample(row.completion[2:], reference, row.completion[:2]))
        assert score.value == row.score
        row.score = score.value
    assert {k: round(v, 3) for k, v in pass_hat(rows).items()} == {
        "pass^1": 0.42,
        "pass^2": 0.273,
        "pass^3": 0.22,
        "pass^4": 0.2,
    }


@pytest.mark.parametrize("split", ["test", "dev", "train"])
def test_every_reference_of_the_shop_scores_one_and_without_its_last_action_mostly_not(split: str) -> None:
    made = make_environment("tau_retail", data_root=str(shared()))
    rows = list(made.tasks(split))
    lost = 0
    for row in rows:
        assert replay(made, row, 0, reference(row, len(row["actions"])))[0].value == 1.0, row["key"]
        lost += replay(made, row, 0, reference(row, len(row["actions"]) - 1))[0].value == 0.0
    assert lost > 0.6 * len(rows)


def reference(row: Any, count: int) -> list[dict[str, Any]]:
    """The row's first actions as a trajectory that says what must be said, and ends."""
    calls = [
        {"id": str(i), "type": "function", "function": {"name": a["name"], "arguments": json.dumps(a["kwargs"])}}
        for i, a in enumerate(row["actions"][:count])
    ]
    messages = [{"role": "assistant", "content": None, "tool_calls": [call]} for call in calls]
    text = {"role": "assistant", "content": " ".join(row["outputs"])}
    return [*messages, text, {"role": "user", "content": "###STOP###"}]


HOSTILE = ["__import__('os').system('x')", "9**9**9", "(" * 500, "1/0", "", "1e5", "x", "1 if 1 else 2", "9" * 5000]


@pytest.mark.parametrize("expression", HOSTILE)
def test_the_calculator_evaluates_nothing(expression: str) -> None:
    made = make_environment("tau_retail", data_root=str(shared()))
    row = {**next(iter(made.tasks("test"))), "user_script": ["hello"]}
    episode = made.open(row, 0)
    call = {"id": "1", "function": {"name": "calculate", "arguments": json.dumps({"expression": expression})}}
    step = episode.step({"role": "assistant", "content": "", "tool_calls": [call]})
    assert str(step.messages[0]["content"]).startswith("Error")
