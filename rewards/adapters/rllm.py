"""rLLM: `RewardFunction(task_info, action) -> RewardOutput`, and `Evaluator.evaluate(task, episode) -> EvalOutput`.

There is no "skip": what cannot be judged is reward 0.0 with `is_correct` None (a reward function's) or the signal
`judged` 0.0 (an evaluator's, whose `is_correct` is a bool), and the outcome in `metadata`. Read from rLLM 0.3.0.pre at
9beb6e0f: rllm/rewards/reward_fn.py, rllm/types.py, rllm/eval/types.py. Without rLLM installed the same fields come as a
SimpleNamespace.
"""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from holdfast.rewards.adapters import flagged, judged, named
from holdfast.sample import Score

_REFERENCES = ("ground_truth", "answer", "reference")


def reward_fn(task_info: Mapping[str, Any], action: Any, *, reward: Any = None) -> Any:
    """The reward of an action (a text, or an object with one in `.action`)."""
    text = action if isinstance(action, str) else str(getattr(action, "action", action))
    score = _scored(task_info, text, reward)
    correct = None if score.value is None else score.value == 1.0
    return _output()(reward=flagged(score)["score"], is_correct=correct, metadata=flagged(score))


class HoldfastEvaluator:
    """`HoldfastEvaluator("math")`: the Evaluator of an agent flow."""

    def __init__(self, reward: str | Mapping[str, Any] | None = None) -> None:
        self.reward = reward

    def evaluate(self, task: Any, episode: Any) -> Any:
        """The verdict on an episode's last answer; `task` has the row as `metadata`, or is the row."""
        row = task if isinstance(task, Mapping) else task.metadata
        score = _scored(row, _answer(episode), self.reward)
        fields = flagged(score)
        output, signal = _evaluation()
        signals = [signal(name="judged", value=fields["judged"]), *(signal(k, v) for k, v in _parts(score).items())]
        return output(reward=fields["score"], is_correct=score.value == 1.0, signals=signals, metadata=fields)


def _scored(row: Mapping[str, Any], text: str, reward: Any) -> Score:
    reference = next((row[key] for key in _REFERENCES if key in row), None)
    prompt = row.get("question") or row.get("problem") or ""
    return judged(reward, [text], [reference], [prompt], [row])[0]


def _answer(episode: Any) -> str:
    """What the flow says is its answer, else the last text a model said."""
    if "answer" in (episode.artifacts or {}):
        return str(episode.artifacts["answer"])
    for trajectory in reversed(episode.trajectories[-1:]):
        if trajectory.output:
            return str(trajectory.output)
        if trajectory.steps and trajectory.steps[-1].output:
            return str(trajectory.steps[-1].output)
        responses = [step.model_response for step in trajectory.steps if getattr(step, "model_response", None)]
        return str(responses[-1]) if responses else ""
    return ""


def _parts(score: Score) -> dict[str, float]:
    return {name: value for name, value in score.parts.items() if value is not None}


def _evaluation() -> tuple[Any, Any]:
    try:
        from rllm.eval.types import EvalOutput, Signal
    except ImportError:
        return SimpleNamespace, lambda name, value: SimpleNamespace(name=name, value=value)
    return EvalOutput, Signal


def _output() -> Any:
    try:
        from rllm.rewards.reward_types import RewardOutput
    except ImportError:
        return SimpleNamespace
    return RewardOutput


__getattr__ = named(reward_fn)
