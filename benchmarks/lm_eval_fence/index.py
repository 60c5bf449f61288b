"""lm-eval's tasks by name: whether there is one, and the task objects of one."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from holdfast.errors import UsageError


def version() -> str:
    """The version of lm-eval that is installed."""
    return metadata.version("lm_eval")


@lru_cache(maxsize=1)
def task_manager() -> Any:
    """lm-eval's index of its own tasks; reading it takes some seconds, once."""
    from lm_eval.tasks import TaskManager

    return TaskManager()


@lru_cache(maxsize=16)
def manager_of(name: str, include_path: str | None = None) -> Any:
    """The index of the one folder with a file `<name>.yaml` that defines the task (milliseconds), else of all.

    `include_path`: a folder of task files of one's own, looked into first. Raises UsageError when it does not exist."""
    import lm_eval.tasks

    if include_path is not None:
        if not Path(include_path).is_dir():
            raise UsageError(f"include_path {include_path!r} is not a folder of lm-eval task files")
        manager = lm_eval.tasks.TaskManager(include_path=include_path, include_defaults=False)
        if name in manager.task_index:
            return manager
    if re.fullmatch(r"[\w-]+", name):
        files = list(Path(lm_eval.tasks.__path__[0]).rglob(f"{name}.yaml"))
        if len(files) == 1:
            manager = lm_eval.tasks.TaskManager(include_path=str(files[0].parent), include_defaults=False)
            if name in manager.task_index:
                return manager
    return task_manager()


def has(name: str, include_path: str | None = None) -> bool:
    """Whether lm-eval has a task, group or tag of that name."""
    return name in manager_of(name, include_path).task_index


def names() -> Sequence[str]:
    """The names of all its tasks."""
    return list(task_manager().all_tasks)


def configs_of(name: str, include_path: str | None = None) -> list[Mapping[str, Any]]:
    """The YAML contents of a task, or of all tasks below a group or tag."""
    manager, waiting = manager_of(name, include_path), [name]
    found: list[Mapping[str, Any]] = []
    while waiting:
        entry = manager.task_index.get(waiting.pop())
        config = dict(entry.cfg or {}) if entry is not None else {}
        if "dataset_path" in config:
            found.append(config)
        members = config.get("task")
        for one in members if isinstance(members, list) else ():
            waiting.append(one if isinstance(one, str) else str(one.get("task", "")))
        if entry is not None and not config:  # a tag: its tasks name it
            waiting += [other for other, one in manager.task_index.items() if entry.name in one.tags]
    return found


def load(name: str, include_path: str | None = None) -> tuple[dict[str, Any], bool]:
    """({name: task object}, whether they are a group with an aggregate) of a task, group or tag."""
    loaded = manager_of(name, include_path).load([name])
    group = loaded["groups"].get(name)
    return dict(loaded["tasks"]), group is not None and bool(group.aggregate_metric_list)
