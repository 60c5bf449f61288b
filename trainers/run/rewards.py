"""The rewards of GRPO and RLOO, from what `reward=` says."""

from collections.abc import Mapping
from importlib import resources
from typing import Any

from holdfast.errors import UsageError
from holdfast.reward import Reward


def rewards_of(config: Any) -> list[Reward]:
    """Rewards of a name, a conf/reward name, a mapping `{reward: name, **options}`, or a list of these.

    Raises UsageError for an unknown name, option or value, naming the nearest.
    """
    if config is None:
        raise UsageError("this trainer learns from a reward: give reward=… (see `holdfast rewards`)")
    given = config if isinstance(config, list) else [config]
    return [_one(item) for item in given]


def _one(item: Any) -> Reward:
    import yaml

    if isinstance(item, str):
        file = resources.files("holdfast.conf") / "reward" / f"{item}.yaml"
        return Reward.from_config(yaml.safe_load(file.read_text("utf-8")) if file.is_file() else item)
    if isinstance(item, Mapping):
        return Reward.from_config(item)
    raise UsageError(f"reward= takes a name, a mapping with the key 'reward', or a list of these, not {item!r}")
