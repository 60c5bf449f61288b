"""verifiers: functions for a v0 Rubric, and a v1 Task whose reward is ours.

v0 calls functions by the names of their parameters; an exception would become 0.0 there, so nothing is raised: what
cannot be judged is 0.0 and `holdfast_judged` (weight 0) is 0.0. v1 knows failed rollouts: what cannot be judged is an
error of the trace (left out of the mean, scored again on `--resume`), after the metric `holdfast_judged` said 0.0.
Read from and run with verifiers 0.1.14, rubrics/rubric.py, and verifiers 0.4.0, v1/task.py.
"""

import asyncio
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any

from holdfast.errors import HoldfastError
from holdfast.rewards.adapters import flagged, judged
from holdfast.sample import final_text, message_text

_KEPT = "holdfast"
"""Where a rollout's state keeps its verdict between the two functions."""


def rubric_functions(
    reward: str | Mapping[str, Any] | None = None, **options: Any
) -> tuple[list[Callable[..., Any]], list[float]]:
    """(funcs, weights) for `vf.Rubric(*…)`: the reward with weight 1, and whether it was judged with weight 0."""
    functions = [RubricFunction(part, reward, options) for part in ("score", "judged")]
    return list(functions), [1.0, 0.0]


class RubricFunction:
    """A reward function of a v0 Rubric; picklable. The verdict is made once, in a thread, and kept in the state."""

    def __init__(self, part: str, reward: str | Mapping[str, Any] | None, options: Mapping[str, Any]) -> None:
        self.part, self.reward, self.options = part, reward, dict(options)
        self.__name__ = {"score": "holdfast_reward", "judged": "holdfast_judged"}[part]

    async def __call__(
        self, prompt: Any, completion: Any, answer: Any, info: Any = None, state: Any = None, **ignored: Any
    ) -> float:
        """The value of one rollout."""
        known: dict[str, Any] | None
        known = state.get(_KEPT) if isinstance(state, Mapping) and self.part == "judged" else None
        arguments = (self.reward, self.options, prompt, completion, answer, info)
        kept = known if known is not None else await asyncio.to_thread(_fields, *arguments)
        if isinstance(state, MutableMapping):
            state[_KEPT] = kept
        return float(kept[self.part])


class UnjudgedError(HoldfastError):
    """A rollout that cannot be judged: verifiers v1 records it as the trace's error."""


def make_task(reward: str | None = None, reference: str = "answer", **options: Any) -> type[Any]:
    """A v1 Task class: its data's field `reference` holds the ground truth."""
    import verifiers.v1 as vf

    class HoldfastTask(vf.Task[Any]):  # type: ignore[misc]
        """Judged by Holdfast."""

        @vf.metric  # type: ignore[untyped-decorator]
        async def holdfast_judged(self, trace: Any) -> float:
            """0.0 where it could not be judged. verifiers takes metrics before rewards."""
            trace.info[_KEPT] = await asyncio.to_thread(self._fields, trace)
            return float(trace.info[_KEPT]["judged"])

        @vf.reward  # type: ignore[untyped-decorator]
        async def holdfast_reward(self, trace: Any) -> float:
            """The reward of the last answer. Raises UnjudgedError."""
            fields = trace.info.get(_KEPT) or await asyncio.to_thread(self._fields, trace)
            if not fields["judged"]:
                raise UnjudgedError(f"{fields['outcome']}: {fields['reason']}")
            return float(fields["score"])

        def _fields(self, trace: Any) -> dict[str, Any]:
            data = self.data
            extra = dict(getattr(data, "model_extra", None) or {})
            truth = getattr(data, reference, None)
            return _fields(reward, options, data.prompt_text, _last_answer(trace), truth, extra)

    return HoldfastTask


def _last_answer(trace: Any) -> str:
    """The text of the last assistant message of a trace."""
    messages = list(trace.assistant_messages) if hasattr(trace, "assistant_messages") else list(trace.messages)
    for message in reversed(messages):
        if getattr(message, "role", "assistant") == "assistant":
            content = message.content
            return content if isinstance(content, str) else message_text({"content": content or ""})
    return ""


def _fields(
    reward: str | Mapping[str, Any] | None,
    options: Mapping[str, Any],
    prompt: Any,
    completion: Any,
    answer: Any,
    info: Any,
) -> dict[str, Any]:
    text = completion if isinstance(completion, str) else final_text(list(completion))
    prompt_text = prompt if isinstance(prompt, str | Sequence) else ""
    row = info if isinstance(info, Mapping) else {}
    return flagged(judged(reward, [text], [answer], [prompt_text], [row], options)[0])
