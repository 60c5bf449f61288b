"""A task that is played: `{env: tau2_retail, user: {base_url: …, model: …}, limit: 20}` in a suite."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from holdfast import values
from holdfast.benchmarks.suites.source import Doc, Source
from holdfast.benchmarks.suites.task import Task
from holdfast.environment import (
    Count,
    Environment,
    EnvironmentSpec,
    Seconds,
    environment_spec,
    has_option,
    make_environment,
)
from holdfast.errors import unknown

SETTINGS = ("split", "turns", "tokens", "seconds", "tools", "max_tokens", "sampling", "repeats")
"""What a suite may set of any environment; every other key is one of the environment's own options."""
_HINTS: dict[str, Any] = {
    **dict.fromkeys(("turns", "tokens", "max_tokens", "repeats"), Count | None),
    "seconds": Seconds | None,
    "tools": Literal["auto", "native", "prompt"],
    "sampling": Mapping[str, Any] | None,
    "split": str,
}


@dataclass(frozen=True, kw_only=True)
class EpisodeSettings:
    """Which environment a task is played in, and how long an episode may be."""

    name: str
    split: str
    turns: int
    options: Mapping[str, Any] = field(default_factory=dict)
    tokens: int | None = None
    seconds: float | None = None
    tools: str = "auto"
    varies_by: Literal["seed", "itself", "nothing"] = "seed"
    """As EnvironmentSpec's."""

    def environment(self, data_root: Path | None, users: Path | None = None) -> Environment:
        """The environment, with `data_root` where it reads data; a user's answers are kept in the directory `users`
        unless it names a file of its own, so that a run that goes on meets the same user. Raises UsageError,
        DataError."""
        options, user = dict(self.options), self.options.get("user")
        if users is not None and isinstance(user, Mapping) and "cache" not in user:
            users.mkdir(parents=True, exist_ok=True)
            options["user"] = {**user, "cache": str(users / "users.sqlite")}
        return environment_of(self.name, options, data_root)

    def reference(self, doc: Doc, seed: int) -> dict[str, Any]:
        """What a sample row needs to be played again: never the user's endpoint."""
        options = {key: value for key, value in self.options.items() if key != "user"}
        return {"environment": self.name, "options": options, "split": self.split, "key": doc["key"], "seed": seed}


def environment_of(name: str, options: Mapping[str, Any], data_root: Path | None) -> Environment:
    """An environment with its options, and `data_root` where it takes one."""
    given = dict(options)
    if data_root is not None and has_option(environment_spec(name), "data_root"):
        given.setdefault("data_root", str(data_root))
    return make_environment(name, **given)


def episode_task(settings: Mapping[str, Any]) -> Task:
    """The Task of `{env: NAME, **settings}`. Raises UsageError naming the nearest environment, key or option."""
    spec = environment_spec(str(settings["env"]))
    own = {key: settings[key] for key in settings if key not in ("env", *SETTINGS)}
    for key in own:
        if key not in spec.options:
            raise unknown(f"setting of environment {spec.name!r}", key, {*SETTINGS, *spec.options})
    for key, hint in _HINTS.items():
        if key in settings:
            values.check(f"{key} of environment {spec.name!r}", settings[key], hint)
    split = str(settings.get("split", spec.first_split))
    if spec.splits and split not in spec.splits:
        raise unknown(f"split of environment {spec.name!r}", split, spec.splits)
    played = EpisodeSettings(
        name=spec.name,
        split=split,
        turns=int(settings.get("turns") or spec.turns),
        options=own,
        tokens=settings.get("tokens"),
        seconds=settings.get("seconds"),
        tools=str(settings.get("tools", "auto")),
        varies_by=spec.varies_by,
    )
    return _task(spec, played, settings)


def _task(spec: EnvironmentSpec, played: EpisodeSettings, settings: Mapping[str, Any]) -> Task:
    return Task(
        name=str(settings.get("name", spec.name)),
        kind="episode",
        reward="episode",
        source=Source(split=played.split, rows_below=_Rows(played)),
        prompt=_prompt,
        reference=_Reference(played),
        version=spec.version,
        max_tokens=int(settings.get("max_tokens") or spec.max_tokens),
        sampling=settings.get("sampling") or {},
        repeats=int(settings.get("repeats") or 1),
        doc_id=_key,
        category=_category,
        metric=spec.metric,
        chance=spec.chance,
        summary=spec.summary,
        played=played,
    )


@dataclass(frozen=True)
class _Rows:
    played: EpisodeSettings

    def __call__(self, data_root: Path | None) -> Iterable[Doc]:
        return self.played.environment(data_root).tasks(self.played.split)


@dataclass(frozen=True)
class _Reference:
    played: EpisodeSettings

    def __call__(self, doc: Doc) -> dict[str, Any]:
        return self.played.reference(doc, 0)


def _prompt(doc: Doc) -> str:
    """A row as text, for what looks at a suite's prompts without playing."""
    return str(doc.get("prompt") or doc["key"])


def _key(doc: Doc) -> str:
    return str(doc["key"])


def _category(doc: Doc) -> str | None:
    return None if doc.get("category") is None else str(doc["category"])
