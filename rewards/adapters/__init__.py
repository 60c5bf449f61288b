"""One registered reward in every RL framework: a short module each, no framework imported until it is used.

Every module's attributes are made on demand: `holdfast.rewards.adapters.verl:math`, or any registered name, is that
framework's function for that reward; `HOLDFAST_REWARD` (a name or a YAML file) chooses where a framework names a file.
A framework that knows no "cannot be judged" gets what its page here says, with the outcome beside it, so that an error
of ours is never mistaken for a model's 0.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from holdfast.errors import UsageError
from holdfast.reward import Reward
from holdfast.sample import Sample, Score, Text

A = TypeVar("A")
VARIABLE = "HOLDFAST_REWARD"


def reward_of(config: str | Mapping[str, Any] | None, options: Mapping[str, Any] | None = None) -> Reward:
    """The Reward of a name, a YAML path or a mapping (None: the environment's), made once per process."""
    chosen = config if config is not None else os.environ.get(VARIABLE)
    if chosen is None:
        raise UsageError(f"no reward is named: set {VARIABLE} to a reward's name or a YAML file")
    return _made(json.dumps([_jsonable(chosen), dict(options or {})], sort_keys=True))


@lru_cache(maxsize=64)
def _made(key: str) -> Reward:
    config, options = json.loads(key)
    if isinstance(config, str) and not config.endswith((".yaml", ".yml")):
        return Reward(config, **options)
    if options:
        raise UsageError("options go into the reward's own config, not beside it")
    return Reward.from_config(config)


def _jsonable(config: str | Mapping[str, Any]) -> Any:
    return config if isinstance(config, str) else dict(config)


class Bound:
    """A framework's function with its reward named; picklable, equal in every process."""

    def __init__(self, function: Callable[..., Any], reward: str) -> None:
        self.function = function
        self.reward = reward
        self.__name__ = reward.replace(":", "_").replace(".", "_")

    def __call__(self, *words: Any, **named: Any) -> Any:
        """The framework's call, with our reward."""
        return self.function(*words, reward=self.reward, **named)


def named(function: Callable[..., A]) -> Callable[[str], Bound]:
    """A module's `__getattr__`: every registered reward's name is an attribute. Raises AttributeError."""

    def attribute(name: str) -> Bound:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            reward_of(name)
        except UsageError as error:
            raise AttributeError(str(error)) from error
        return Bound(function, name)

    return attribute


def judged(
    reward: str | Mapping[str, Any] | None,
    completions: Sequence[Text],
    references: Sequence[Any],
    prompts: Sequence[Text] | None = None,
    infos: Sequence[Mapping[str, Any] | None] | None = None,
    options: Mapping[str, Any] | None = None,
) -> list[Score]:
    """Scores of parallel columns. Raises UsageError when their lengths differ."""
    count = len(completions)
    prompt_column: Sequence[Text] = prompts if prompts is not None else [""] * count
    info_column = infos if infos is not None else [None] * count
    if not len(references) == len(prompt_column) == len(info_column) == count:
        lengths = (
            f"{count} completions, {len(references)} references, {len(prompt_column)} prompts, {len(info_column)} infos"
        )
        raise UsageError(f"columns of different lengths: {lengths}")
    rows = zip(completions, references, prompt_column, info_column, strict=True)
    samples = [Sample(completion, reference, prompt, info or {}) for completion, reference, prompt, info in rows]
    return reward_of(reward, options).score_batch(samples)


def flagged(score: Score) -> dict[str, Any]:
    """For frameworks whose rewards must be numbers: 0.0 with `judged` 0 stands for "cannot be judged"."""
    return {
        "score": 0.0 if score.value is None else score.value,
        "judged": float(score.value is not None),
        "outcome": str(score.outcome),
        "reason": score.reason,
        "extracted": score.extracted or "",
    }
