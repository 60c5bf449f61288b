"""A suite: the tasks one measurement consists of, from a YAML file, a name of conf/suite, or a list."""

import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

from holdfast import values
from holdfast.benchmarks.lm_eval_fence import index as lm_eval_index
from holdfast.benchmarks.suites.episode_task import episode_task
from holdfast.benchmarks.suites.file_task import FILE_KEYS, task_from_file
from holdfast.benchmarks.suites.task import Task, builtin_tasks, find_task
from holdfast.environment import environment_names
from holdfast.errors import DataError, UsageError, suggestion, unknown

LM_EVAL_PREFIX = "lm_eval:"

_OVERRIDES = [
    "reward",
    "fewshot",
    "chat_fewshot",
    "system",
    "max_tokens",
    "stop",
    "stop_chat",
    "sampling",
    "repeats",
    "chance",
    "metric",
    "length_normalized",
]
_LM_EVAL_ONLY = ("filter", "include_path")
_OWN_KEYS = ("task", "name", "limit", "chat", "k", "categories")
_OWN_HINTS = {"limit": int | None, "chat": bool | None, "k": Sequence[int] | None, "categories": Sequence[str] | None}
_LEAST = {"limit": 1, "max_tokens": 1, "repeats": 1, "fewshot": 0, "chat_fewshot": 0}
"""The lowest values that mean something."""
_OF_KIND = {
    "generate": ("length_normalized",),
    "choice": ("max_tokens", "stop", "stop_chat", "sampling", "repeats"),
    "perplexity": ("max_tokens", "stop", "stop_chat", "sampling", "repeats", "fewshot", "chat_fewshot", "system"),
}
"""Settings that have no effect on tasks of a kind."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One task of a suite, with what this suite changes about it."""

    name: str
    """What the task is called in this suite's results."""
    task: Task | None
    """None for one of lm-eval's own tasks."""
    lm_eval: str = ""
    """Name of lm-eval's task."""
    limit: int | None = None
    """At most so many items: a fixed subset chosen by the items' hashes, spread over the categories."""
    chat: bool | None = None
    """Chat template on or off for this task; None: on when the tokenizer has one."""
    k: tuple[int, ...] = ()
    """pass@k and maj@k are reported for these."""
    categories: tuple[str, ...] = ()
    """Only the items of these categories (MMLU's subjects); empty: all."""
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """Settings for one of lm-eval's own tasks (`fewshot`, `max_tokens`, …)."""


@dataclass(frozen=True, kw_only=True)
class Suite:
    """A named list of tasks."""

    name: str
    entries: tuple[Entry, ...]
    summary: str = ""

    @property
    def names(self) -> list[str]:
        """The tasks' names, in order."""
        return [entry.name for entry in self.entries]


def suite_names() -> list[str]:
    """The suites that ship in conf/suite."""
    return sorted(path.stem for path in _suite_folder().glob("*.yaml"))


def load_suite(what: "str | Path | Sequence[Any] | Mapping[str, Any] | Suite") -> Suite:
    """A Suite from a shipped name, a YAML file, a list of tasks, or a mapping `{tasks: […]}`.

    A single task's name is a suite of that task. Raises UsageError naming the nearest suite or task, DataError for a
    file that is not a suite.
    """
    if isinstance(what, Suite):
        return what
    if isinstance(what, Mapping):
        return _suite(dict(what), str(what.get("name", "suite")), Path())
    if not isinstance(what, str | Path):
        return _suite({"tasks": list(what)}, "+".join(_label(item) for item in what), Path())
    path = Path(what)
    if path.suffix in (".yaml", ".yml"):
        if not path.is_file():
            raise DataError(f"no suite file {path}")
        return _suite(_read(path), path.stem, path.parent)
    return _named(str(what))


def _named(name: str) -> Suite:
    if name in suite_names():
        return _suite(_read(_suite_folder() / f"{name}.yaml"), name, Path())
    if name in builtin_tasks() or name.startswith(LM_EVAL_PREFIX):
        return _suite({"tasks": [name]}, name, Path())
    if name in environment_names():
        return _suite({"tasks": [{"env": name}]}, name, Path())
    if name.endswith((".jsonl", ".json", ".csv", ".tsv", ".parquet", ".jsonl.gz")):
        raise UsageError(f"{name} holds rows, not a suite: suite=[{{file: {name}, reward: NAME}}] is a benchmark of it")
    known = [*suite_names(), *builtin_tasks(), *environment_names()]
    raise UsageError(f"unknown suite {name!r}{suggestion(name, known)}")


def _suite(config: dict[str, Any], name: str, folder: Path) -> Suite:
    for key in config:
        if key not in ("tasks", "summary", "name"):
            raise unknown(f"key of suite {name!r}", key, ("tasks", "summary", "name"))
    items = config.get("tasks")
    if not isinstance(items, list) or not items:
        raise DataError(f"suite {name!r} needs a list `tasks`, it has {items!r}")
    entries = [entry(item, folder) for item in items]
    names = [one.name for one in entries]
    for one in names:
        if names.count(one) > 1:
            raise DataError(f"suite {name!r} holds two tasks called {one!r}: give one of them another `name`")
    return Suite(name=str(config.get("name", name)), entries=tuple(entries), summary=config.get("summary", ""))


def entry(item: Any, folder: Path = Path()) -> Entry:
    """One item of a suite's list: a task's name, or `{task: name, limit: 500, …}`, or `{task: name, file: x.jsonl,
    reward: numeric}` for a benchmark of one's own. Raises UsageError for an unknown task or key."""
    settings: dict[str, Any] = {"task": item} if isinstance(item, str) else dict(item)
    if "env" in settings:
        return _episodes(settings)
    for key in ("file", "hub"):
        if key in settings:
            settings.setdefault("task", Path(str(settings[key])).stem)
    name = settings.get("task")
    if not isinstance(name, str):
        raise UsageError(f"an item of a suite is a task's name or a mapping with the key 'task', not {item!r}")
    own_file = "file" in settings or "hub" in settings
    known = [*_OWN_KEYS, *_OVERRIDES, *(FILE_KEYS if own_file else _LM_EVAL_ONLY)]
    for key in settings:
        if key not in known:
            raise unknown(f"setting of task {name!r}", key, {*known, *FILE_KEYS})
    for key, hint in _OWN_HINTS.items():
        values.check(f"{key} of task {name!r}", settings.get(key), hint)
    _check_numbers(name, settings)
    include = settings.get("include_path")
    if include is not None:
        settings["include_path"] = include = str((folder / str(include)).resolve())
    task = task_from_file(settings, folder) if own_file else _lookup(name, include)
    overrides = {key: _value(key, settings[key]) for key in _OVERRIDES if key in settings}
    foreign = {key: settings[key] for key in _LM_EVAL_ONLY if key in settings}
    if task is not None and foreign:
        raise UsageError(f"{next(iter(foreign))}= is for tasks of lm-eval; {name!r} is ours (or write lm_eval:{name})")
    overrides |= foreign
    if task is not None and not own_file:
        for key in _OF_KIND.get(task.kind, ()):
            if key in overrides:
                raise UsageError(f"{key}= has no effect on task {name!r}, which is of kind {task.kind!r}")
        task = replace(task, **overrides)
    return Entry(
        name=str(settings.get("name", name)),
        task=task,
        lm_eval="" if task is not None else name.removeprefix(LM_EVAL_PREFIX),
        limit=settings.get("limit"),
        chat=settings.get("chat"),
        k=tuple(settings.get("k") or ()),
        categories=tuple(settings.get("categories") or ()),
        overrides=overrides,
    )


def _check_numbers(name: str, settings: Mapping[str, Any]) -> None:
    """Raise UsageError for a number that leaves nothing to ask, or an empty stop string, which ends every answer."""
    for key, least in _LEAST.items():
        value = settings.get(key)
        if isinstance(value, int) and value < least:
            raise UsageError(f"{key} of task {name!r} must be at least {least}, not {value}")
    if any(isinstance(k, int) and k < 1 for k in settings.get("k") or ()):
        raise UsageError(f"k of task {name!r} must hold whole numbers from 1, not {list(settings['k'])}")
    stop = settings.get("stop")
    if isinstance(stop, list | tuple) and "" in stop:
        raise UsageError(f"stop of task {name!r} holds an empty text, which would end every answer at once")


def _episodes(settings: dict[str, Any]) -> Entry:
    """`{env: tiny_form, name: …, limit: 50, k: [1, 4], …}`: played in an environment."""
    around = {key: settings.pop(key) for key in ("name", "limit", "k") if key in settings}
    for key in ("limit", "k"):
        values.check(f"{key} of environment {settings['env']!r}", around.get(key), _OWN_HINTS[key])
    task = episode_task(settings)
    return Entry(
        name=str(around.get("name", task.name)), task=task, limit=around.get("limit"), k=tuple(around.get("k", ()))
    )


def _lookup(name: str, include_path: str | None = None) -> Task | None:
    """Our task of that name, or None when lm-eval has one, or the user's folder of lm-eval tasks `include_path`."""
    if name.startswith(LM_EVAL_PREFIX):
        return None
    if include_path is not None and lm_eval_index.has(name, include_path):
        return None
    if name in builtin_tasks():
        return find_task(name)
    misspelt = get_close_matches(name, builtin_tasks(), n=1, cutoff=0.85)  # lm-eval's index takes seconds to read
    if not misspelt and lm_eval_index.has(name):
        return None
    raise UsageError(
        f"unknown task {name!r}{suggestion(name, builtin_tasks())}; a benchmark of your own needs `file: rows.jsonl`"
    )


def _value(key: str, value: Any) -> Any:
    values.check(key, value, typing.get_type_hints(Task)[key])
    return tuple(value) if isinstance(value, list) else value


def _label(item: Any) -> str:
    return item if isinstance(item, str) else str(item.get("name", item.get("task", item.get("env", "?"))))


@lru_cache(maxsize=1)
def _suite_folder() -> Path:
    import holdfast.conf

    return Path(holdfast.conf.__path__[0]) / "suite"


def _read(path: Path) -> dict[str, Any]:
    import yaml

    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise DataError(f"cannot read suite {path}: {error}") from error
    loaded = {"tasks": loaded} if isinstance(loaded, list) else loaded
    if not isinstance(loaded, dict):
        raise DataError(f"suite {path} must hold a list of tasks or a mapping with `tasks`")
    return loaded
