"""TRL 1.16's AsyncGRPOTrainer and its rollout process, with our rewards pickled into that process.

It wants vLLM, an NCCL group, the FlashAttention 3 kernel and the GPU's name, none of which is had without a GPU. All of
TRL's code runs here but those four: a small model answers `/v1/completions`, weights are copied within the process
(TRL takes any `weight_transfer`), and PyTorch's attention stands in for the kernel.
"""

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from helpers import tool_model
from helpers.completions_server import Served, serving

from holdfast import Reward, Sample
from holdfast.rewards.adapters.trl import AsyncReward, RewardEnvironment

pytestmark = pytest.mark.slow

NUMBER = Reward("numeric", reference="answer")


class Recorded:
    """The trainer's queue of rollouts, remembering what came through."""

    def __init__(self, queue: Any) -> None:
        self.queue, self.samples = queue, list[Any]()

    def get(self, *words: Any, **named: Any) -> Any:
        self.samples.append(self.queue.get(*words, **named))
        return self.samples[-1]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.queue, name)


def _attention(
    query: Any, key: Any, value: Any, starts: Any, ends: Any, *longest: Any, softmax_scale: Any, **others: Any
) -> Any:
    """Variable-length causal attention, the queries at the end of their keys, as FlashAttention aligns them."""
    import torch
    from torch.nn.functional import scaled_dot_product_attention as attend

    parts = []
    for at in range(len(starts) - 1):
        q, k, v = query[starts[at] : starts[at + 1]], key[ends[at] : ends[at + 1]], value[ends[at] : ends[at + 1]]
        seen = torch.ones(len(q), len(k), dtype=torch.bool).tril(len(k) - len(q))
        q, k, v = (rows.transpose(0, 1)[None] for rows in (q, k, v))
        parts.append(attend(q, k, v, attn_mask=seen, scale=softmax_scale, enable_gqa=True)[0].transpose(0, 1))
    return torch.cat(parts)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tool_model.taught(tmp_path_factory.mktemp("model"), "submit")


@pytest.fixture
def without_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    from trl.experimental.async_grpo import async_grpo_trainer, async_rollout_worker, packing

    kernel = SimpleNamespace(flash_attn_varlen_func=_attention)
    monkeypatch.setattr(packing, "_flash_attn", lambda: kernel)
    monkeypatch.setattr(async_rollout_worker, "is_vllm_available", lambda: True)
    monkeypatch.setattr(async_grpo_trainer, "get_peak_flops_per_device", lambda *words: None)


def _trained(model: Path, served: Served, folder: Path, rewards: list[Any], **named: Any) -> tuple[Any, list[Any]]:
    """The log of two real steps and the rollouts they were made of."""
    from datasets import Dataset
    from trl.experimental.async_grpo import AsyncGRPOConfig, AsyncGRPOTrainer

    settings = AsyncGRPOConfig(
        str(folder),
        per_device_train_batch_size=8,
        gradient_accumulation_steps=1,
        token_budget=1500,
        max_inflight_tasks=8,
        vllm_server_base_url=served.url,
        **tool_model.SETTINGS,
    )
    trainer = AsyncGRPOTrainer(
        str(model),
        rewards,
        settings,
        train_dataset=Dataset.from_list(tool_model.rows(12)),
        processing_class=tool_model.tokenizer(),
        weight_transfer=served,
        **named,
    )
    trainer.rollout_queue = recorded = Recorded(trainer.rollout_queue)
    trainer.train()
    return trainer.state.log_history, recorded.samples


def _metrics(samples: list[Any], name: str) -> list[float]:
    """What the rollout process made of one reward; NaN: left out."""
    return [sample.metrics[f"rewards/{name}"] for sample in samples]


def _direct(samples: list[Any], judge: Any) -> list[float]:
    """The direct call on the same rollouts."""
    answers = {row["prompt"][0]["content"]: row["answer"] for row in tool_model.rows(12)}
    found = [judge(sample.completion, answers[sample.prompt[-1]["content"]]) for sample in samples]
    return [math.nan if value is None else value for value in found]


def _judged(said: Any, answer: Any) -> float | None:
    return NUMBER.score(Sample(said, answer)).value


def _submitted(completion: Any, answer: Any) -> float | None:
    given = tool_model.submitted(completion)
    return 0.0 if given is None else _judged(given, answer)


def test_rewards_in_the_rollout_process(without_a_gpu: None, model: Path, tmp_path: Path) -> None:
    later = AsyncReward("numeric", reference="answer")
    later.__name__ = "later"
    with serving(model) as served:
        log, samples = _trained(model, served, tmp_path, [NUMBER, later])
    expected = _direct(samples, _judged)
    assert {0.0, 1.0} < set(expected) and len(samples) >= 16
    for name in ("numeric", "later"):
        assert _metrics(samples, name) == pytest.approx(expected, nan_ok=True)
    left_out = [sample for sample, value in zip(samples, expected, strict=True) if math.isnan(value)]
    assert left_out and {sample.advantage for sample in left_out} == {0.0}
    assert [entry["grad_norm"] > 0 for entry in log if "grad_norm" in entry] == [True, True]
    assert served.updates >= 2


def test_an_environment_in_the_rollout_process(without_a_gpu: None, model: Path, tmp_path: Path) -> None:
    factory = RewardEnvironment.factory("numeric", reference="answer")
    with serving(model) as served:
        _, samples = _trained(model, served, tmp_path, [], environment_factory=factory)
    expected = _direct(samples, _submitted)
    assert {0.0, 1.0} < set(expected)
    assert _metrics(samples, "RewardEnvironment") == pytest.approx(expected, nan_ok=True)
