"""Open Reward Standard: an environment of a data set and a reward, for `ors.server.Server` or OpenReward's.

One tool, `submit`, takes the answer and ends the episode; with OpenReward's SDK and `final_message` the model sees no
tool, and its first plain message is the answer. The standard's reward may be None: that is what a sample that cannot be
judged gets. Read from and run with ors-sdk 0.1.0 (ors/environment.py, ors/types.py) and openreward 0.1.167
(openreward/environments/environment.py).
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from holdfast.errors import UsageError
from holdfast.rewards.adapters import judged


def make_environment(
    reward: str | None,
    splits: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    prompt: str = "prompt",
    reference: str = "reference",
    sdk: Literal["ors", "openreward"] = "ors",
    final_message: bool = False,
    **options: Any,
) -> type[Any]:
    """An Environment class of the named SDK over rows per split; the reference never leaves the server.

    Raises UsageError for `final_message` with ors-sdk, which has no such thing.
    """
    sdk_module = _sdk_module(sdk)
    text_block, tool_output = sdk_module.TextBlock, sdk_module.ToolOutput
    from pydantic import BaseModel

    class Answer(BaseModel):
        """The final answer."""

        answer: str

    class HoldfastEnvironment(sdk_module.Environment):  # type: ignore[misc, name-defined]
        """Answer the question; Holdfast judges it."""

        @classmethod
        def list_splits(cls) -> list[str]:
            return list(splits)

        @classmethod
        def list_tasks(cls, split: str) -> list[dict[str, Any]]:
            return [{"split": split, "index": index} for index in range(len(splits[split]))]

        def get_prompt(self) -> list[Any]:
            return [text_block(text=str(self._row()[prompt]))]

        async def submit(self, params: Answer) -> Any:
            """Submit the final answer."""
            row = self._row()
            arguments = (reward, [params.answer], [row[reference]], [row[prompt]], [row], options)
            score = (await asyncio.to_thread(judged, *arguments))[0]
            metadata = {"outcome": str(score.outcome), "reason": score.reason}
            return tool_output(
                blocks=[text_block(text="received")], reward=score.value, finished=True, metadata=metadata
            )

        def _row(self) -> Mapping[str, Any]:
            return splits[str(self.task_spec["split"])][int(self.task_spec["index"])]

    HoldfastEnvironment.submit.__annotations__.update({"params": Answer, "return": tool_output})
    sdk_module.tool(HoldfastEnvironment.submit)
    if final_message:
        _terminal(sdk_module)(HoldfastEnvironment.submit)
    return HoldfastEnvironment


def _sdk_module(sdk: str) -> Any:
    if sdk == "ors":
        import ors

        return ors
    import openreward.environments

    return openreward.environments


def _terminal(sdk_module: Any) -> Any:
    if not hasattr(sdk_module, "terminal"):
        raise UsageError("final_message=True needs sdk='openreward': ors-sdk knows no terminal tool")
    return sdk_module.terminal
