"""From a suite's episode task to what is played: items, player, and the conditions that two runs must share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdfast.benchmarks.engine.episodes.chat import Chat, chat_of
from holdfast.benchmarks.engine.episodes.driver import Player
from holdfast.benchmarks.engine.episodes.live import Budget
from holdfast.benchmarks.engine.items import Item, seed_of
from holdfast.benchmarks.engine.protocol import Engine
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.suites.episode_task import EpisodeSettings
from holdfast.benchmarks.suites.source import Doc
from holdfast.benchmarks.suites.task import Task
from holdfast.environment import pinned
from holdfast.errors import UsageError
from holdfast.files import digest
from holdfast.runs.measurement import TaskResult


@dataclass(frozen=True)
class PlannedEpisodes:
    """The episodes of one task, ready to be played."""

    items: Sequence[Item]
    player: Player
    result: TaskResult


def plan_episodes(
    name: str,
    task: Task,
    docs: Sequence[tuple[str, Doc]],
    engine: Engine,
    settings: Settings,
    data_root: Path | None,
    arguments: Mapping[str, Any],
    users: Path | None = None,
) -> PlannedEpisodes:
    """`users`: the directory that keeps what simulated users answered.

    Raises UsageError when a user has to be simulated and none is named, DataError for a model without template."""
    played = task.played
    if played is None:
        raise UsageError(f"task {name!r} is not played in an environment")
    chat = chat_of(engine, played.tools)
    environment = played.environment(data_root, users)
    conditions = _conditions(played, task, chat, arguments, settings, environment)
    items = [
        _item(name, task, played, doc_id, doc, repeat, arguments, conditions, settings)
        for doc_id, doc in docs
        for repeat in range(task.repeats)
    ]
    budget = Budget(turns=played.turns, tokens=played.tokens, seconds=played.seconds)
    workers = int(getattr(environment, "workers", 1))
    reward = {"name": f"episode:{played.name}", "version": task.version, "options": _portable_options(played.options)}
    pins = pinned(environment)
    reward |= {"pinned": pins} if pins else {}
    result = TaskResult(
        task=name, version=task.version, reward=reward, generation=conditions, metric=task.metric, chance=task.chance
    )
    return PlannedEpisodes(items, Player(environment, chat, budget, settings.seed, workers=workers), result)


def _conditions(
    played: EpisodeSettings, task: Task, chat: Chat, arguments: Mapping[str, Any], settings: Settings, environment: Any
) -> dict[str, Any]:
    user = getattr(environment, "user_identity", None)
    found: dict[str, Any] = {"kind": "episode", "chat_template": True, "tools": chat.mode, "turns": played.turns}
    found |= {"split": played.split, "user": user, **arguments, "repeats": task.repeats, "seed": settings.seed}
    found |= {"tools_why": chat.reason} if chat.reason else {}
    found |= {"tokens": played.tokens} if played.tokens is not None else {}
    found |= {"seconds": played.seconds} if played.seconds is not None else {}
    found |= {"chat_template_args": dict(settings.chat_template_args)} if settings.chat_template_args else {}
    return found


def _item(
    name: str,
    task: Task,
    played: EpisodeSettings,
    doc_id: str,
    doc: Doc,
    repeat: int,
    arguments: Mapping[str, Any],
    conditions: Mapping[str, Any],
    settings: Settings,
) -> Item:
    return Item(
        task=name,
        doc_id=doc_id,
        repeat=repeat,
        kind="generate",
        prompt=digest([played.name, task.version, _portable_options(played.options), conditions, doc]),
        generation=arguments,
        doc=doc,
        reference=played.reference(doc, settings.seed + repeat),
        doc_hash=digest([played.name, doc]),
        category=task.category(doc) if task.category else None,
        cluster=None if doc.get("cluster") is None else str(doc["cluster"]),
        seed=seed_of(arguments, settings.seed, settings.draw),
    )


def _portable_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options without what differs between machines, or must not be written down; the user stands beside them."""
    return {key: value for key, value in options.items() if key not in ("user", "data_root", "python", "cache")}
