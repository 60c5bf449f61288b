"""OpenRLHF: `--reward.remote_url <this file>`, the reward named by HOLDFAST_REWARD (a name or a YAML file).

OpenRLHF calls `reward_func(queries, prompts, labels)` from a thread, with lists; a query is prompt + completion as one
text, so the prompt is taken off its front. It has no "skip": a sample that cannot be judged is NaN in `scores` (which
its dynamic filtering drops), 0.0 in `rewards`, and 0 in `extra_logs["judged"]`. Read from OpenRLHF 0.11:
openrlhf/utils/agent.py.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.rewards.adapters import judged, named


def reward_func(
    queries: Sequence[str],
    prompts: Sequence[str],
    labels: Sequence[Any],
    *,
    reward: str | Mapping[str, Any] | None = None,
    **ignored: Any,
) -> dict[str, Any]:
    """Tensors `rewards`, `scores` and `extra_logs`, one entry per query."""
    import torch

    columns = score_lists(queries, prompts, labels, reward=reward)
    return {
        "rewards": torch.tensor(columns["rewards"], dtype=torch.float32),
        "scores": torch.tensor([float("nan") if v is None else v for v in columns["scores"]], dtype=torch.float32),
        "extra_logs": {"judged": torch.tensor(columns["judged"], dtype=torch.float32)},
    }


def score_lists(
    queries: Sequence[str],
    prompts: Sequence[str],
    labels: Sequence[Any],
    *,
    reward: str | Mapping[str, Any] | None = None,
) -> dict[str, list[Any]]:
    """The same as plain lists, for the HTTP route (`--reward.remote_url http://…`), with None in `scores`."""
    completions = [query.removeprefix(prompt) for query, prompt in zip(queries, prompts, strict=True)]
    scores = judged(reward, completions, labels, prompts)
    return {
        "rewards": [0.0 if score.value is None else score.value for score in scores],
        "scores": [score.value for score in scores],
        "judged": [float(score.value is not None) for score in scores],
        "outcomes": [str(score.outcome) for score in scores],
        "reasons": [score.reason for score in scores],
    }


__getattr__ = named(reward_func)
