"""Training rows of environments: `environment=tiny_form`, a mapping `{env: tau_retail, split: train, …}`, or a list.

One row: {"prompt": "Sort the digits of ana", "reference": '{"environment": "tiny_form", "key": "ana", …}',
"episode": '{"turns": 6, …}'}

With `demonstrations: true` the rows are what the environment's own right episodes hold, one for each message of the
model, for trainers that learn from completions: {"prompt": [messages before], "completion": [message], "tools": …}.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from holdfast.benchmarks.engine.episodes.chat import described
from holdfast.benchmarks.suites.episode_task import EpisodeSettings, episode_task
from holdfast.environment import Environment, Row, environment_spec
from holdfast.errors import DataError, UsageError
from holdfast.trainers.settings.config import DataConfig
from holdfast.trainers.settings.data_sets import SCHEME, parts

EPISODE = "episode"
"""The column that says how a row's episode is played; its messages carry it to TRL's rollout function."""
_DEMONSTRATIONS = "demonstrations"


def ways(config: DataConfig) -> set[str]:
    """How environments are among the data: `played`, `demonstrated`, both or neither."""
    entries = [entry for part, _ in parts(config) if names_environments(part) for entry in _entries(part)]
    return {"demonstrated" if entry.get(_DEMONSTRATIONS) else "played" for entry in entries}


def names_environments(config: DataConfig) -> bool:
    """Whether a data set is made of environments."""
    return config.path.startswith(SCHEME)


def environment_rows(config: DataConfig, data_root: Path | None) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(where, row) of every environment that the data names. Raises UsageError, DataError."""
    for setting in ("template", "system"):
        if getattr(config, setting):
            raise UsageError(f"data.{setting} does not go with environments: they say what the model is told")
    if not config.conversational:
        raise UsageError("data.conversational=false does not go with environments: an episode is a conversation")
    for entry in _entries(config):
        yield from _rows_of(dict(entry), data_root)


def _entries(config: DataConfig) -> Sequence[Mapping[str, Any]]:
    named = config.path.removeprefix(SCHEME)
    given = config.environment if config.environment is not None else named
    if not given:
        raise UsageError("name what is played: environment=tiny_form (see `holdfast env`)")
    listed = given if isinstance(given, list) else [given]
    return [{"env": one} if isinstance(one, str) else _mapping(one) for one in listed]


def _mapping(entry: Any) -> Mapping[str, Any]:
    if not isinstance(entry, Mapping) or "env" not in entry:
        raise UsageError(f"environment= takes a name, a mapping with the key 'env', or a list of these, not {entry!r}")
    return entry


def _rows_of(entry: dict[str, Any], data_root: Path | None) -> Iterator[tuple[str, Mapping[str, Any]]]:
    shown = bool(entry.pop(_DEMONSTRATIONS, False))
    name = str(entry["env"])
    splits = environment_spec(name).splits
    if "split" not in entry:
        if splits and "train" not in splits:
            raise UsageError(f"environment {name!r} has no split 'train': name one with split=… of {', '.join(splits)}")
        entry["split"] = "train"
    for setting in ("sampling", "repeats", "limit", "name", "k"):
        if setting in entry:
            raise UsageError(
                f"{setting} of environment {name!r} has no effect in training: see trainer.args and data.limit"
            )
    task = episode_task(entry)
    played = task.played
    assert played is not None
    environment = played.environment(data_root)
    for number, row in enumerate(environment.tasks(played.split)):
        where = f"{SCHEME}{name}[{number}]"
        if shown:
            yield from ((where, one) for one in _demonstrated(environment, played, row))
        else:
            yield where, _played_row(played, task.max_tokens, row, data_root)


def _played_row(played: EpisodeSettings, max_tokens: int, row: Row, data_root: Path | None) -> dict[str, Any]:
    reference = {**played.reference(row, 0), "options": dict(played.options)}
    settings = {"turns": played.turns, "tokens": played.tokens, "seconds": played.seconds, "tools": played.tools}
    settings |= {"data_root": str(data_root) if data_root else None, "max_tokens": max_tokens}
    return {
        "prompt": str(row.get("prompt") or row["key"]),
        "reference": json.dumps(played.reference(row, 0), sort_keys=True),
        EPISODE: json.dumps({**reference, **settings}, sort_keys=True),
    }


def _demonstrated(environment: Environment, played: EpisodeSettings, row: Row) -> Iterator[dict[str, Any]]:
    """One row for each of the model's messages in the environment's own right episode."""
    show = getattr(environment, "demonstration", None)
    if show is None:
        raise UsageError(f"environment {played.name!r} has no demonstrations: play it (trainer=grpo)")
    episode = environment.open(row, 0)
    messages, tools = show(row), list(episode.tools)
    episode.close()
    for index, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        before = messages[:index]
        if played.tools == "prompt":
            messages_with_tools = described(messages[: index + 1], tools)
            yield {"prompt": messages_with_tools[:-1], "completion": messages_with_tools[-1:]}
        else:
            more = {"tools": json.dumps(tools)} if tools else {}
            yield {"messages": [*before, message], **more}


def episode_of(row: Mapping[str, Any]) -> str | None:
    """How the episode of a training row is played, as JSON; None where it names none."""
    found = row.get(EPISODE)
    if found is None:
        return None
    if not isinstance(found, str | Mapping):
        raise DataError(f"the column {EPISODE!r} must be an object or its JSON, found {found!r:.80}")
    return found if isinstance(found, str) else json.dumps(found, sort_keys=True)
