"""SkyRL-gym: a single-turn text environment, registered as `holdfast` (`env_class: holdfast` in the data set).

`extras["reward_spec"]` has `ground_truth` and, when it is not HOLDFAST_REWARD's, the reward as `reward`. A reward must
be a number: what cannot be judged is 0.0 with `judged` 0.0 in the metadata and in the episode's metrics. Read from
skyrl-gym 0.4.0: core.py, envs/base_text_env.py.
"""

from collections.abc import Mapping
from typing import Any

from holdfast.errors import DataError
from holdfast.rewards.adapters import flagged, judged


def make_environment() -> type[Any]:
    """The environment class (a subclass of skyrl_gym's BaseTextEnv)."""
    from skyrl_gym.envs.base_text_env import BaseTextEnv

    class HoldfastEnv(BaseTextEnv):  # type: ignore[misc]
        """Judges the first answer and ends."""

        def __init__(self, env_config: Any = None, extras: Mapping[str, Any] | None = None) -> None:
            super().__init__()
            self.reward_spec = _spec(extras or {})
            self.extras = dict(extras or {})
            self.judged: float | None = None

        def step(self, action: str) -> Any:
            """The reward of the answer; the episode is over."""
            score = judged(
                self.reward_spec.get("reward"), [action], [self.reward_spec["ground_truth"]], None, [self.extras]
            )[0]
            fields = flagged(score)
            self.judged = fields["judged"]
            return {"observations": [], "reward": fields["score"], "done": True, "metadata": fields}

        def get_metrics(self) -> dict[str, Any]:
            """Whether the answer was judged; SkyRL logs the mean over episodes."""
            return {} if self.judged is None else {"judged": self.judged}

    return HoldfastEnv


def register() -> None:
    """Make the environment known to skyrl_gym under `holdfast`."""
    import skyrl_gym

    skyrl_gym.register(id="holdfast", entry_point=make_environment())


def _spec(extras: Mapping[str, Any]) -> Mapping[str, Any]:
    spec = extras.get("reward_spec")
    if not isinstance(spec, Mapping) or "ground_truth" not in spec:
        raise DataError(f"a row needs reward_spec with ground_truth; it has {sorted(extras)}")
    return spec
