"""Rewards of a training on episodes: they judge the trajectory's messages, and `episode` what was just played."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from holdfast.reward import Reward
from holdfast.rewards.adapters.trl import together
from holdfast.sample import Sample, Score, Text
from holdfast.trainers.episodes.rollout import PLAYED, TRAJECTORY, Rollout
from holdfast.trainers.episodes.rows import episode_of
from holdfast.trainers.settings.trainer_spec import Inputs


def episode_arguments(inputs: Inputs) -> Mapping[str, Any]:
    """TRL's arguments where rows name episodes: the rollout function, and rewards of trajectories; else none."""
    if not any(episode_of(row) for row in inputs.rows):
        return {}
    rewards = [cast(Reward, TrajectoryReward(reward)) for reward in inputs.rewards]
    return {"rollout_func": Rollout(), "reward_funcs": together(*rewards)}


class TrajectoryReward:
    """A reward that reads the messages of an episode instead of its tokens' text."""

    def __init__(self, reward: Reward) -> None:
        self._reward, self.__name__ = reward, reward.__name__

    def samples_of(
        self, prompts: Sequence[Text] | None, completions: Sequence[Text], columns: Mapping[str, Any]
    ) -> list[Sample]:
        """The samples, with trajectories in place of completions; a played score goes along in `info`."""
        played = columns.get(TRAJECTORY) or [None] * len(completions)
        judged = [
            one if trajectory is None else trajectory for one, trajectory in zip(completions, played, strict=True)
        ]
        rest = {name: column for name, column in columns.items() if name != TRAJECTORY}
        return self._reward.samples_of(prompts, judged, rest)

    def score_batch(self, samples: Sequence[Sample]) -> list[Score]:
        """The scores; `episode` was given when the episode ended."""
        if self._reward.name != "episode":
            return self._reward.score_batch(samples)
        found = [sample.info.get(PLAYED) for sample in samples]
        return [one or Score.unjudgeable("the row names no episode") for one in found]
