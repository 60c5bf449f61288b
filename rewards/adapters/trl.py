"""TRL: a Reward is itself a `reward_funcs` entry of GRPO and RLOO; here is what else TRL can take.

`AsyncReward` does not hold up the trainer's thread (TRL gathers it on its own event loop). Both give None where a
sample cannot be judged: TRL makes it NaN and leaves the sample out, unless another of its rewards gave a number (then
None adds nothing to the sum). Read from and run with TRL 1.16: grpo_trainer.py:1579-1662 and 2756-2764,
experimental/async_grpo/async_rollout_worker.py:1024.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.reward import Reward
from holdfast.rewards.adapters import reward_of
from holdfast.sample import Sample, Text


class AsyncReward:
    """`reward_funcs=[AsyncReward("math", reference="answer")]`: judged beside the trainer's other async rewards."""

    def __init__(self, reward: str | Mapping[str, Any] | Reward, **options: Any) -> None:
        made = reward if isinstance(reward, Reward) else None
        self.reward = made or (Reward(reward, **options) if isinstance(reward, str) else Reward.from_config(reward))
        self.__name__ = self.reward.__name__

    async def __call__(
        self, prompts: Sequence[Text] | None = None, completions: Sequence[Text] = (), **columns: Any
    ) -> list[float | None]:
        """One value per completion."""
        return await asyncio.to_thread(self.reward, prompts, completions, **columns)


class RewardEnvironment:
    """`environment_factory`: a single-turn environment whose tool `submit` takes the answer and whose reward is ours.

    Make a factory of a reward with `RewardEnvironment.factory("math", reference="answer")`. A rollout that never
    submits scores 0.0; one that cannot be judged is NaN, which TRL leaves out.
    """

    def __init__(self, reward: Reward) -> None:
        self._reward = reward
        self._row: Mapping[str, Any] = {}
        self._answer: str | None = None

    @classmethod
    def factory(cls, reward: str, **options: Any) -> "EnvironmentFactory":
        """A picklable zero-argument factory."""
        return EnvironmentFactory(reward, options)

    def reset(self, **row: Any) -> None:
        """Begin with a row of the data set."""
        self._row = row
        self._answer = None

    def submit(self, answer: str) -> str:
        """Submit the final answer.

        Args:
            answer: The final answer, as text.

        Returns:
            A note that the answer was received.
        """
        self._answer = answer
        return "received"

    def get_reward(self) -> float:
        """The reward of the submitted answer."""
        if self._answer is None:
            return 0.0
        sample = Sample(self._answer, self._row.get(self._reward.reference), self._row.get("prompt", ""), self._row)
        value = self._reward.score(sample).value
        return float("nan") if value is None else value


class EnvironmentFactory:
    """Makes a RewardEnvironment for every rollout."""

    def __init__(self, reward: str, options: Mapping[str, Any]) -> None:
        self.reward, self.options = reward, dict(options)

    def __call__(self) -> RewardEnvironment:
        """A fresh environment."""
        return RewardEnvironment(Reward(self.reward, **self.options))


def __getattr__(name: str) -> Reward:
    if name.startswith("_"):
        raise AttributeError(name)
    return reward_of(name)
