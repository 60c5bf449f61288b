"""Open Reward Standard: an environment of a data set and a reward, for `ors.server.Server` or OpenReward.

One tool, `submit`, takes the answer and ends the episode. The standard's reward may be None: that is what a sample that
cannot be judged gets. Read from ors-sdk 0.1.0: ors/environment.py, ors/types.py.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.rewards.adapters import judged


def make_environment(
    reward: str | None,
    splits: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    prompt: str = "prompt",
    reference: str = "reference",
    **options: Any,
) -> type[Any]:
    """An `ors.Environment` class over rows per split; the reference never leaves the server."""
    from ors import Environment, TextBlock, ToolOutput, tool
    from pydantic import BaseModel

    class Answer(BaseModel):
        """The final answer."""

        answer: str

    class HoldfastEnvironment(Environment):  # type: ignore[misc]
        """Answer the question; Holdfast judges it."""

        @classmethod
        def list_splits(cls) -> list[str]:
            return list(splits)

        @classmethod
        def list_tasks(cls, split: str) -> list[dict[str, Any]]:
            return [{"split": split, "index": index} for index in range(len(splits[split]))]

        def get_prompt(self) -> list[Any]:
            return [TextBlock(text=str(self._row()[prompt]))]

        async def submit(self, params: Answer) -> ToolOutput:
            """Submit the final answer."""
            row = self._row()
            score = (
                await asyncio.to_thread(
                    judged, reward, [params.answer], [row[reference]], [row[prompt]], [row], options
                )
            )[0]
            told = {"outcome": str(score.outcome), "reason": score.reason}
            return ToolOutput(blocks=[TextBlock(text="received")], reward=score.value, finished=True, metadata=told)

        def _row(self) -> Mapping[str, Any]:
            return splits[str(self.task_spec["split"])][int(self.task_spec["index"])]

    HoldfastEnvironment.submit.__annotations__.update({"params": Answer, "return": ToolOutput})
    tool(HoldfastEnvironment.submit)
    return HoldfastEnvironment
