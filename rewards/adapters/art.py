"""ART (OpenPipe): a reward for a trajectory, in a rollout function.

    from holdfast.rewards.adapters.art import rewarded
    return rewarded(trajectory, "72", reward="math")

The last assistant message is judged, what stands before it is the prompt. A trajectory that cannot be judged raises:
ART's gathering keeps the exception and leaves the rollout out of its group. Read from ART at 1425b1d5:
src/art/trajectories.py; not run here.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from holdfast.errors import HoldfastError
from holdfast.rewards.adapters import judged
from holdfast.sample import final_text

T = TypeVar("T")


class UnjudgedError(HoldfastError):
    """The reward cannot judge this trajectory."""


def rewarded(
    trajectory: T, reference: Any, *, reward: str | Mapping[str, Any] | None = None, info: Any = None, **options: Any
) -> T:
    """The trajectory with its `reward` and the parts of its score as `metrics`. Raises UnjudgedError."""
    rewarded_trajectory: Any = trajectory
    messages = [dict(message) for message in rewarded_trajectory.messages()]
    own = [index for index, message in enumerate(messages) if message.get("role") == "assistant"]
    prompt, answer = (messages[: own[-1]], messages[own[-1] :]) if own else (messages, [])
    (score,) = judged(reward, [final_text(answer)], [reference], [prompt], [info], options)
    if score.value is None:
        raise UnjudgedError(f"{score.outcome}: {score.reason}")
    rewarded_trajectory.reward = score.value
    rewarded_trajectory.metrics.update({name: value for name, value in score.parts.items() if value is not None})
    return trajectory
