"""TRL: a Reward is itself a `reward_funcs` entry of GRPO and RLOO; here is what else TRL can take.

`AsyncReward` does not hold up the trainer's thread (TRL gathers it on its own event loop). Both give None where a
sample cannot be judged: TRL makes it NaN and leaves the sample out, unless another of its rewards gave a number: then
None adds nothing to the sum, a 0 in all but name. `together` mends that.

Read from and run with TRL 1.16: grpo_trainer.py:1579-1662 and 2756-2764,
experimental/async_grpo/async_rollout_worker.py:1024.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.reward import Reward, log_parts
from holdfast.rewards.adapters import reward_of
from holdfast.sample import Outcome, Sample, Score, Text


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


def together(*rewards: Reward) -> list["Part"]:
    """`reward_funcs=together(Reward("math", reference="answer"), Reward("length"))`: rewards that TRL adds up.

    A completion that one of them fails on, or does not judge while it judges another of the same prompt, is None to
    all, so that TRL leaves it out. A reward that judges none of a prompt's completions (rows of another task) adds
    nothing to any of them, as TRL means it.
    """
    shared = _Together(rewards)
    return [Part(shared, number, reward.__name__) for number, reward in enumerate(rewards)]


class Part:
    """One of several rewards."""

    def __init__(self, shared: "_Together", number: int, name: str) -> None:
        self._shared, self._number, self.__name__ = shared, number, name

    def __call__(
        self, prompts: Sequence[Text] | None = None, completions: Sequence[Text] = (), **columns: Any
    ) -> list[float | None]:
        """One value per completion."""
        return self._shared.values(self._number, prompts, completions, columns)


_Batch = tuple[list[Text] | None, list[Text]]
"""Prompts and completions of one call."""


class _Together:
    """Judges a batch by all rewards when TRL asks the first of them, with what it then asks the others for."""

    def __init__(self, rewards: Sequence[Reward]) -> None:
        self._rewards = rewards
        self._batch: _Batch | None = None
        self._values: list[list[float | None]] = []

    def values(
        self, number: int, prompts: Sequence[Text] | None, completions: Sequence[Text], columns: Mapping[str, Any]
    ) -> list[float | None]:
        """The values of one reward. TRL hands the same completions to each in turn, beginning with the first: its call
        is always a batch's first, so that texts that come again are judged again."""
        batch = (None if prompts is None else list(prompts), list(completions))
        if number == 0 or batch != self._batch:
            scores = [self._judged(reward, prompts, completions, columns) for reward in self._rewards]
            out = set[int]().union(*(_left_out(prompts, found) for found in scores))
            self._values = [[None if i in out else s.value for i, s in enumerate(found)] for found in scores]
            self._batch = batch
        return self._values[number]

    def _judged(
        self, reward: Reward, prompts: Sequence[Text] | None, completions: Sequence[Text], columns: Mapping[str, Any]
    ) -> list[Score]:
        loggers = {name: columns.get(name) for name in ("log_extra", "log_metric")}
        rest = {name: column for name, column in columns.items() if name not in loggers}
        scores = reward.score_batch(reward.samples_of(prompts, completions, rest))
        log_parts(reward.__name__, scores, loggers["log_extra"], loggers["log_metric"])
        return scores


def _left_out(prompts: Sequence[Text] | None, scores: Sequence[Score]) -> set[int]:
    """Which completions a reward failed on, or did not judge while it judged another of the same prompt."""
    prompt_keys = [repr(prompt) for prompt in prompts] if prompts else [str(number) for number in range(len(scores))]
    judged = {prompt for prompt, score in zip(prompt_keys, scores, strict=True) if score.value is not None}
    return {
        number
        for number, (prompt, score) in enumerate(zip(prompt_keys, scores, strict=True))
        if score.value is None and (score.outcome is Outcome.ERROR or prompt in judged)
    }


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
        """Make a fresh environment."""
        return RewardEnvironment(Reward(self.reward, **self.options))


def __getattr__(name: str) -> Reward:
    if name.startswith("_"):
        raise AttributeError(name)
    return reward_of(name)
