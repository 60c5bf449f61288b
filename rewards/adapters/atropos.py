"""Atropos: a reward as a RewardFunction, by itself or beside others in its registry.

    from holdfast.rewards.adapters.atropos import make_reward_function
    rewards = make_reward_function("math", reference="solution")(weight=1.0)
    rewards(completions, solution=["72", …])

Rewards must be numbers: what cannot be judged is 0.0, and `judged` holds, for the last call, which were. An exception
would be a 0.0 for the whole group there, without a mark. Read from atroposlib at 75551e95:
envs/reward_fns/reward_function.py, registry.py; not run here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.rewards.adapters import flagged, judged


def make_reward_function(
    reward: str | Mapping[str, Any] | None = None, *, reference: str = "solution", **options: Any
) -> type[Any]:
    """The class, a subclass of atroposlib's RewardFunction. `reference`: the keyword that holds the references, one for
    all or one for each; `options`: the reward's own."""
    from atroposlib.envs.reward_fns.reward_function import RewardFunction

    class HoldfastReward(RewardFunction):  # type: ignore[misc]
        """A reward of Holdfast."""

        judged: Sequence[bool] = ()

        def compute(self, completions: list[Any], **context: Any) -> list[float]:
            """One number for each completion."""
            texts = [self.get_content(one) for one in completions]
            given = context.get(reference)
            references = given if isinstance(given, list) else [given] * len(texts)
            fields = [flagged(score) for score in judged(reward, texts, references, options=options)]
            self.judged = [bool(one["judged"]) for one in fields]
            return [float(one["score"]) for one in fields]

    return HoldfastReward
