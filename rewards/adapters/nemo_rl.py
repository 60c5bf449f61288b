"""NeMo-RL: a single-turn EnvironmentInterface, made a Ray actor and registered by its path.

`register_env("holdfast", "holdfast.rewards.adapters.nemo_rl.HoldfastActor")`; the metadata of a row holds
`ground_truth`. Rewards must be numbers: what cannot be judged is 0.0, its answer None, and the share of judged samples
is a metric. Read from nemo_rl/environments/interfaces.py (mid-2026, Python 3.13 only). Without NeMo-RL installed the
return value is a plain tuple of the same fields in the same order.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.rewards.adapters import judged
from holdfast.sample import final_text


class HoldfastEnvironment:
    """The calls of an EnvironmentInterface."""

    def __init__(self, config: Mapping[str, Any] | None = None) -> None:
        self.config = dict(config or {})

    def step(self, message_log_batch: Sequence[Sequence[Mapping[str, Any]]], metadata: Sequence[Any]) -> Any:
        """Judge the last answer of every conversation; every episode ends."""
        import torch

        truths = [row.get("ground_truth") for row in metadata]
        texts = [final_text(log) for log in message_log_batch]
        infos = [row if isinstance(row, Mapping) else {} for row in metadata]
        scores = judged(self.config.get("reward"), texts, truths, None, infos, self.config.get("options"))
        told = [{**info, "judged": score.value is not None} for info, score in zip(infos, scores, strict=True)]
        return _returned()(
            [{"role": "environment", "content": f"{score.outcome}: {score.reason}"} for score in scores],
            told,
            [None] * len(scores),
            torch.tensor([score.value or 0.0 for score in scores], dtype=torch.float32),
            torch.ones(len(scores)),
            [score.extracted if score.value is not None else None for score in scores],
        )

    def global_post_process_and_metrics(self, batch: Any) -> tuple[Any, dict[str, float]]:
        """The mean reward, and nothing changed in the batch."""
        rewards = batch["total_reward"]
        return batch, {"accuracy": float(rewards.float().mean())}


def _returned() -> Any:
    try:
        from nemo_rl.environments.interfaces import EnvironmentReturn
    except ImportError:
        return lambda *fields: fields
    return EnvironmentReturn


def __getattr__(name: str) -> Any:
    if name != "HoldfastActor":
        raise AttributeError(name)
    import ray

    return ray.remote(HoldfastEnvironment)
