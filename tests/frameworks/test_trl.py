"""TRL 1.16's own training steps with our rewards: environments, tools, async rewards, GRPO and RLOO.

A model that calls a tool is trained; what TRL logs for our rewards is what the direct call says of the same rollouts.
"""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import tool_model

from holdfast import Reward, Sample
from holdfast.rewards.adapters.trl import AsyncReward, RewardEnvironment

EXACT = Reward("exact_match", reference="answer")
SCHEMA = {"type": "dict", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}
TOOLS = [{"name": "submit", "description": "Submit the answer.", "parameters": SCHEMA}]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    torch.set_num_threads(1)
    return tool_model.taught(tmp_path_factory.mktemp("model"), "submit")


class Seen:
    """A reward of no value (TRL leaves it out) that keeps what TRL told the rewards."""

    __name__ = "seen"

    def __init__(self) -> None:
        self.batches: list[dict[str, Any]] = []

    def __call__(self, **columns: Any) -> list[None]:
        self.batches.append(columns)
        return [None] * len(columns["completions"])

    def values(self, judge: Callable[[Any, Any], float | None]) -> Iterator[list[float]]:
        """What the direct call says of every step's rollouts, without those that cannot be judged."""
        for batch in self.batches:
            found = map(judge, batch["completions"], batch["answer"])
            yield [value for value in found if value is not None]


def submit(answer: str) -> str:
    """Submit the final answer.

    Args:
        answer: The final answer, as text.
    """
    return "received" if answer else "nothing"


def _submitted(completion: Any, answer: Any) -> float | None:
    given = tool_model.submitted(completion)
    return 0.0 if given is None else EXACT.score(Sample(given, answer)).value


def _said(completion: Any, answer: Any) -> float | None:
    return EXACT.score(Sample(completion, answer)).value


def _trained(kind: str, model: Path, folder: Path, rewards: list[Any], rows: list[Any], **named: Any) -> list[Any]:
    """The log of two real steps."""
    import trl
    from datasets import Dataset

    settings = getattr(trl, f"{kind}Config")(str(folder), per_device_train_batch_size=16, **tool_model.SETTINGS)
    trainer = getattr(trl, f"{kind}Trainer")(
        str(model),
        rewards,
        settings,
        train_dataset=Dataset.from_list(rows),
        processing_class=tool_model.tokenizer(),
        **named,
    )
    trainer.train()
    return [entry for entry in trainer.state.log_history if "reward" in entry]


def _agree(log: list[Any], name: str, expected: list[list[float]]) -> None:
    """TRL logged, for every step, the mean of the values we expect of it."""
    assert len(log) == len(expected) == 2
    assert {value for step in expected for value in step} == {0.0, 1.0}
    for entry, values in zip(log, expected, strict=True):
        mean = sum(values) / len(values) if values else math.nan
        assert entry[f"rewards/{name}/mean"] == pytest.approx(mean, nan_ok=True)


def test_plain_prompts_with_sync_and_async_rewards(tmp_path: Path) -> None:
    from holdfast.benchmarks.tiny import model_path

    short, later = Reward("length", maximum=3), AsyncReward("length", maximum=3)
    later.__name__ = "later"
    rows = [{"prompt": f"repeat: {number}", "answer": str(number)} for number in range(8)]
    seen = Seen()
    log = _trained("GRPO", model_path(), tmp_path, [seen, short, later], rows)
    for name in ("length", "later"):
        _agree(log, name, list(seen.values(lambda said, answer: short.score(Sample(said)).value)))


@pytest.mark.slow
def test_environment_factory(model: Path, tmp_path: Path) -> None:
    seen = Seen()
    factory = RewardEnvironment.factory("exact_match", reference="answer")
    log = _trained("GRPO", model, tmp_path, [seen], tool_model.rows(16), environment_factory=factory)
    assert any(entry["tools/call_frequency"] > 0 for entry in log)
    assert all(type(one) is RewardEnvironment for batch in seen.batches for one in batch["environments"])
    _agree(log, "RewardEnvironment", list(seen.values(_submitted)))


def test_two_environments_by_the_rows_own_word(model: Path, tmp_path: Path) -> None:
    seen = Seen()
    rows = [{**row, "environment": ("strict", "loose")[i % 2]} for i, row in enumerate(tool_model.rows(16))]
    factories = {
        "strict": RewardEnvironment.factory("exact_match", reference="answer"),
        "loose": RewardEnvironment.factory("exact_match", reference="answer", ignore_case=True),
    }
    log = _trained("GRPO", model, tmp_path, [seen], rows, environment_factory=factories)
    _agree(log, "RewardEnvironment", list(seen.values(_submitted)))


def test_tools_with_sync_async_and_tool_call_rewards(model: Path, tmp_path: Path) -> None:
    seen = Seen()
    rows = [{**row, "calls": _wanted(row)} for row in tool_model.rows(16)]
    later = AsyncReward("exact_match", reference="answer")
    later.__name__ = "later"
    rewards = [seen, EXACT, later, Reward("tool_call", reference="calls")]
    log = _trained("GRPO", model, tmp_path, rewards, rows, tools=[submit])
    said = list(seen.values(_said))
    _agree(log, "exact_match", said)
    _agree(log, "later", said)
    called = Reward("tool_call")
    judged = [
        [called.score(Sample(c, w)).value for c, w in zip(b["completions"], b["calls"], strict=True)]
        for b in seen.batches
    ]
    assert {value for step in judged for value in step} == {0.0, 1.0}
    assert [entry["rewards/tool_call/mean"] for entry in log] == [pytest.approx(sum(s) / len(s)) for s in judged]


def _wanted(row: dict[str, Any]) -> dict[str, Any]:
    value = row["prompt"][0]["content"].removeprefix("repeat: ")
    return {"possible_answers": [{"submit": {"answer": [value]}}], "tools": TOOLS, "category": "simple"}


@pytest.mark.slow
def test_rloo_with_sync_and_async_rewards(model: Path, tmp_path: Path) -> None:
    """And why docs/adapters.md says to join rewards into a composite: TRL's sum takes one reward's None for 0."""
    seen, number, format_reward = Seen(), Reward("numeric", reference="answer"), Reward("length", maximum=90)
    later = AsyncReward("numeric", reference="answer")
    later.__name__ = "later"
    log = _trained("RLOO", model, tmp_path, [seen, number, later, format_reward], tool_model.rows(16))
    for name in ("numeric", "later"):
        _agree(log, name, list(seen.values(lambda said, answer: number.score(Sample(said, answer)).value)))
    for entry, batch in zip(log, seen.batches, strict=True):
        rows = zip(batch["completions"], batch["answer"], strict=True)
        sums = [
            2 * (number.score(Sample(c, a)).value or 0.0) + (format_reward.score(Sample(c)).value or 0.0)
            for c, a in rows
        ]
        assert entry["reward"] == pytest.approx(sum(sums) / len(sums))
        assert entry["numeric/unjudged"] == sum(answer is None for answer in batch["answer"]) / len(sums)
