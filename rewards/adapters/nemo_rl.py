"""NeMo-RL: a single-turn EnvironmentInterface, made a Ray actor and registered by its path.

`register()` before the trainer makes its environments; the metadata (`extra_env_info`) of a row holds `ground_truth`.
Rewards must be numbers: what cannot be judged is 0.0, its answer None, `judged` False in the metadata, and the share of
judged samples a metric. Read from NeMo-RL 7ea279ab (Python 3.13 only): nemo_rl/environments/interfaces.py and utils.py,
nemo_rl/experience/rollouts.py. Without NeMo-RL installed the return value is a plain tuple of the same fields.
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

        infos = [row if isinstance(row, Mapping) else {} for row in metadata]
        truths = [row.get("ground_truth") for row in infos]
        texts = [final_text(log) for log in message_log_batch]
        scores = judged(self.config.get("reward"), texts, truths, None, infos, self.config.get("options"))
        flagged_infos = [{**info, "judged": score.value is not None} for info, score in zip(infos, scores, strict=True)]
        return _returned()(
            [{"role": "environment", "content": f"{score.outcome}: {score.reason}"} for score in scores],
            flagged_infos,
            [None] * len(scores),
            torch.tensor([score.value or 0.0 for score in scores], dtype=torch.float32),
            torch.ones(len(scores)),
            [score.extracted if score.value is not None else None for score in scores],
        )

    def global_post_process_and_metrics(self, batch: Any) -> tuple[Any, dict[str, float]]:
        """The mean reward and the share of judged samples; the batch is not changed."""
        rewards = batch["rewards" if "rewards" in batch else "total_reward"]
        infos = batch.get("extra_env_info") or []
        judged_rows = [bool(row.get("judged", True)) for row in infos if isinstance(row, Mapping)]
        share = sum(judged_rows) / len(judged_rows) if judged_rows else 1.0
        return batch, {"accuracy": float(rewards.float().mean()), "judged": share}

    def shutdown(self) -> None:
        """Do nothing: there is no process to end."""


def register(name: str = "holdfast") -> None:
    """Make the environment known to NeMo-RL, to run in the system's Python."""
    from nemo_rl.distributed.ray_actor_environment_registry import ACTOR_ENVIRONMENT_REGISTRY
    from nemo_rl.distributed.virtual_cluster import PY_EXECUTABLES
    from nemo_rl.environments.utils import register_env

    path = f"{__name__}.HoldfastActor"
    ACTOR_ENVIRONMENT_REGISTRY[path] = PY_EXECUTABLES.SYSTEM
    register_env(name, path)


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
