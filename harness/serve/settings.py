"""What a server serves and within which limits; crosses to worker processes through one environment variable."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from holdfast.errors import UsageError
from holdfast.reward import Reward

VARIABLE = "HOLDFAST_SERVE"


@dataclass(frozen=True, slots=True)
class Settings:
    """Sizes in bytes, times in seconds, queues in samples."""

    rewards: Mapping[str, Any]
    """Path segment → reward config (a name, a YAML file or a mapping): nothing else can be asked for."""
    token: str | None = None
    """Bearer token; None: open (loopback only)."""
    max_body: int = 32 * 2**20
    max_queue: int = 4096
    """Samples that may wait per reward in this process; more are refused with 429."""
    deadline: float = 60.0
    """Longest wait for a verdict, unless the request sets a shorter one."""
    body_timeout: float = 30.0
    """Longest wait for the next piece of a request's body."""
    log: bool = False
    """One JSON line on stderr for every request."""
    ors: str | None = None
    """A JSONL file of tasks (`prompt`, `reference`) offered as an Open Reward Standard environment."""

    def build(self) -> dict[str, Reward]:
        """The rewards. Raises UsageError for a bad config, before the server starts."""
        if not self.rewards:
            raise UsageError("a server needs at least one reward: reward=NAME[,NAME…]")
        built = {name: Reward.from_config(config) for name, config in self.rewards.items()}
        for name, reward in built.items():
            _check_isolation(name, reward)
        return built

    def to_environment(self) -> None:
        """Hand the settings to worker processes."""
        os.environ[VARIABLE] = json.dumps(asdict(self))

    @classmethod
    def from_environment(cls) -> "Settings":
        """The settings the parent process left; they go from the environment, which what rewards start inherits.

        Raises UsageError when there are none.
        """
        text = os.environ.pop(VARIABLE, None)
        os.environ.pop("HOLDFAST_TOKEN", None)
        if text is None:
            raise UsageError(f"no settings in {VARIABLE}; start the server with `holdfast serve`")
        return cls(**json.loads(text))


def with_parts(reward: Reward) -> Iterator[Reward]:
    """The reward and all inside it, when it is a composite."""
    yield reward
    parts = reward.options.get("of")
    configs = parts.values() if isinstance(parts, Mapping) else parts if isinstance(parts, list | tuple) else ()
    for config in configs:
        plain = {k: v for k, v in config.items() if k != "weight"} if isinstance(config, Mapping) else config
        yield from with_parts(Reward.from_config(plain))


def _check_isolation(name: str, reward: Reward) -> None:
    """Programs that anybody may send run in a sandbox that isolates, or the server does not start."""
    for part in with_parts(reward):
        if part.options.get("backend") == "unsafe-local":
            raise UsageError(f"reward {name!r}: a server runs no code with backend 'unsafe-local'")
        if part.spec.loads:
            raise UsageError(
                f"reward {name!r}: a server loads nothing for its clients, and this one loads {part.spec.loads}"
            )
        if part.spec.name == "code":
            from holdfast.rewards.sandbox.backends.choice import Engine, resolve

            options = {key: part.options[key] for key in ("backend", "hosts", "image") if key in part.options}
            resolve(Engine(**options))
