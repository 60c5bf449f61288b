"""rLLM: `RewardFunction(task_info, action) -> RewardOutput`.

What cannot be judged is reward 0.0 with `is_correct` None and the outcome in `metadata`. Read from rLLM 0.3.0.pre:
rllm/rewards/reward_fn.py, rllm/rewards/reward_types.py. Without rLLM installed the same fields come as a
SimpleNamespace.
"""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from holdfast.rewards.adapters import flagged, judged, named

_REFERENCES = ("ground_truth", "answer", "reference")


def reward_fn(task_info: Mapping[str, Any], action: Any, *, reward: Any = None) -> Any:
    """The reward of an action (a text, or an object with one in `.action`)."""
    text = action if isinstance(action, str) else str(getattr(action, "action", action))
    reference = next((task_info[key] for key in _REFERENCES if key in task_info), None)
    prompt = task_info.get("question") or task_info.get("problem") or ""
    score = judged(reward, [text], [reference], [prompt], [task_info])[0]
    correct = None if score.value is None else score.value == 1.0
    return _output()(reward=flagged(score)["score"], is_correct=correct, metadata=flagged(score))


def _output() -> Any:
    try:
        from rllm.rewards.reward_types import RewardOutput
    except ImportError:
        return SimpleNamespace
    return RewardOutput


__getattr__ = named(reward_fn)
