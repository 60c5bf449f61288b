"""The rewards that a trainer learns from, from what `reward=` says; one of the user's own is tried first."""

from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from holdfast.errors import HoldfastError, UsageError
from holdfast.reward import Reward


def rewards_of(config: Any) -> list[Reward]:
    """Rewards of a name, a conf/reward name, a mapping `{reward: name, **options}`, or a list of these.

    Raises UsageError for an unknown name, option or value, naming the nearest.
    """
    if config is None:
        raise UsageError("this trainer learns from a reward: give reward=… (see `holdfast rewards`)")
    given = config if isinstance(config, list) else [config]
    return [_reward_of(item) for item in given]


def _reward_of(item: Any) -> Reward:
    import yaml

    if isinstance(item, str):
        file = resources.files("holdfast.conf") / "reward" / f"{item}.yaml"
        return Reward.from_config(yaml.safe_load(file.read_text("utf-8")) if file.is_file() else item)
    if isinstance(item, Mapping):
        return Reward.from_config(item)
    raise UsageError(f"reward= takes a name, a mapping with the key 'reward', or a list of these, not {item!r}")


def try_own(rewards: Sequence[Reward], row: Mapping[str, Any]) -> None:
    """Call each of the user's own functions once, on the first row and a plain answer.

    Raises UsageError, in one line, for one that fails or returns what is no score.
    """
    if not rewards:
        return
    answer = str(row.get("reference") or "An answer.")
    completion = answer if isinstance(row["prompt"], str) else [{"role": "assistant", "content": answer}]
    for reward in rewards:
        if ":" not in reward.name:
            continue
        columns = {name: [value] for name, value in row.items() if name != "prompt"}
        samples = reward.samples_of([row["prompt"]], [completion], columns)
        try:
            reward.spec.function(samples, **reward.options)
        except HoldfastError:
            raise
        except Exception as error:
            raise UsageError(
                f"reward {reward.name!r} fails on the first row with the answer {answer!r:.40}:"
                f" {type(error).__name__}: {error}"
            ) from error
