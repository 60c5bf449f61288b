"""verifiers: functions for a v0 Rubric, and a v1 Task whose reward is ours.

v0 calls functions by the names of their parameters; an exception would become 0.0 there, so nothing is raised: what
cannot be judged is 0.0 and `holdfast_judged` (weight 0) is 0.0. v1 records keyed rewards and metrics alike. Read from
verifiers v0 legacy/rubrics/rubric.py and verifiers 0.4.0 v1/task.py.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from holdfast.rewards.adapters import flagged, judged
from holdfast.sample import final_text, message_text


def rubric_functions(reward: str | None = None, **options: Any) -> tuple[list[Callable[..., Any]], list[float]]:
    """(funcs, weights) for `vf.Rubric(*…)`: the reward with weight 1, and whether it was judged with weight 0."""

    async def holdfast_reward(prompt: Any, completion: Any, answer: Any, info: Any = None, **ignored: Any) -> float:
        return float(_told(reward, options, prompt, completion, answer, info)["score"])

    async def holdfast_judged(prompt: Any, completion: Any, answer: Any, info: Any = None, **ignored: Any) -> float:
        return float(_told(reward, options, prompt, completion, answer, info)["judged"])

    return [holdfast_reward, holdfast_judged], [1.0, 0.0]


def make_task(reward: str | None = None, reference: str = "answer", **options: Any) -> type[Any]:
    """A v1 Task class: its data's field `reference` holds the ground truth."""
    import verifiers.v1 as vf

    class HoldfastTask(vf.Task[Any]):  # type: ignore[misc]
        """Judged by Holdfast."""

        @vf.reward  # type: ignore[untyped-decorator]
        async def holdfast_reward(self, trace: Any) -> float:
            """The reward of the last answer."""
            return float(self._told(trace)["score"])

        @vf.metric  # type: ignore[untyped-decorator]
        async def holdfast_judged(self, trace: Any) -> float:
            """0.0 where it could not be judged."""
            return float(self._told(trace)["judged"])

        def _told(self, trace: Any) -> Mapping[str, Any]:
            data = self.data
            extra = dict(getattr(data, "model_extra", None) or {})
            truth = getattr(data, reference, None)
            return _told(reward, options, data.prompt_text, _last_answer(trace), truth, extra)

    return HoldfastTask


def _last_answer(trace: Any) -> str:
    """The text of the last assistant message of a trace."""
    messages = list(trace.assistant_messages) if hasattr(trace, "assistant_messages") else list(trace.messages)
    for message in reversed(messages):
        if getattr(message, "role", "assistant") == "assistant":
            content = message.content
            return content if isinstance(content, str) else message_text({"content": content or ""})
    return ""


def _told(
    reward: str | None, options: Mapping[str, Any], prompt: Any, completion: Any, answer: Any, info: Any
) -> dict[str, Any]:
    text = completion if isinstance(completion, str) else final_text(list(completion))
    asked = prompt if isinstance(prompt, str | Sequence) else ""
    told = info if isinstance(info, Mapping) else {}
    return flagged(judged(reward, [text], [answer], [asked], [told], options)[0])
