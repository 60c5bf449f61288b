"""lm-eval's tasks by name: whether there is one, and the task objects of one."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
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
    """The index of the one folder whose files define the task or group whole (milliseconds), else of all (seconds).

    `include_path`: a folder of task files of one's own, looked into first. Raises UsageError when it does not exist."""
    import lm_eval.tasks

    if include_path is not None:
        if not Path(include_path).is_dir():
            raise UsageError(f"include_path {include_path!r} is not a folder of lm-eval task files")
        manager = lm_eval.tasks.TaskManager(include_path=include_path, include_defaults=False)
        if name in manager.task_index:
            return manager
    files = _defining(name) if re.fullmatch(r"[\w-]+", name) else []
    if len(files) == 1:
        manager = lm_eval.tasks.TaskManager(include_path=str(files[0].parent), include_defaults=False)
        tags = _tags(manager.task_index, name)
        if tags is not None and not (tags and _named_elsewhere(tags, files[0].parent)):
            return manager
    return task_manager()


def _defining(name: str) -> list[Path]:
    """The files that define a task or group: among those called like it and those of groups (`_….yaml`), else any."""
    says = re.compile(rf"^[\"']?(?:task|group)[\"']?: *[\"']?{re.escape(name)}[\"']?\s*$".encode(), re.MULTILINE)
    likely = (path for path in _task_files() if path.name.startswith("_") or name in path.name)
    found = [path for path in likely if says.search(path.read_bytes())]
    return found or [path for path in _task_files() if says.search(path.read_bytes())]


def _task_files(templates: bool = False) -> Iterator[Path]:
    """The files that define tasks and groups; with `templates` also those that these include (`_default_yaml`)."""
    import lm_eval.tasks

    for folder, _, names in os.walk(lm_eval.tasks.__path__[0]):
        for file in names:
            if file.endswith(".yaml") or (templates and ("yaml" in file or "." not in file)):
                yield Path(folder) / file


def _tags(index: Mapping[str, Any], name: str) -> set[str] | None:
    """The tags below a task or group; None where a part of the index does not hold all that the name stands for."""
    entry = index.get(name)
    if entry is None or entry.kind.name not in ("TASK", "PY_TASK", "GROUP", "TAG"):
        return None
    if entry.kind.name == "TAG":
        return {name}
    return _tags_of((entry.cfg or {}).get("task") if entry.kind.name == "GROUP" else [], index)


def _tags_of(members: Any, index: Mapping[str, Any]) -> set[str] | None:
    """The tags below a group's members: names, or groups written in their place (`{group: stem, task: […]}`)."""
    if not isinstance(members, list):
        return None
    found: set[str] = set()
    for one in members:
        below = _tags(index, one) if isinstance(one, str) else _tags_of(one.get("task"), index)
        if below is None:
            return None
        found |= below
    return found


def _named_elsewhere(tags: set[str], folder: Path) -> bool:
    """Whether a file outside of a folder names one of these tags: its task would be missing."""
    wanted = [tag.encode() for tag in tags]
    others = (path for path in _task_files(templates=True) if folder not in path.parents)
    return any(tag in text for path in others for text in (path.read_bytes(),) for tag in wanted)


def has(name: str, include_path: str | None = None) -> bool:
    """Whether lm-eval has a task, group or tag of that name."""
    if include_path is None and not any(name.encode() in path.read_bytes() for path in _task_files(templates=True)):
        return False
    return name in manager_of(name, include_path).task_index


def names() -> Sequence[str]:
    """The names of all its tasks and groups, as its files say them."""
    says = re.compile(rb"^[\"']?(?:task|group)[\"']?: *[\"']?([\w.-]+)[\"']?\s*$", re.MULTILINE)
    return sorted({found.decode() for path in _task_files() for found in says.findall(path.read_bytes())})


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
        waiting += _named(members)
        if entry is not None and not config:  # a tag: its tasks name it
            waiting += [other for other, one in manager.task_index.items() if entry.name in one.tags]
    return found


def _named(members: Any) -> Iterator[str]:
    """The names among a group's members, those of groups written in their place included."""
    for one in members if isinstance(members, list) else ():
        below = one if isinstance(one, str) else one.get("task")
        yield from [below] if isinstance(below, str) else _named(below)


def compile_once() -> None:
    """Let lm-eval compile each Jinja template once, where it does so for every row and few-shot example anew (a second
    and a half for 560 rows). What a template renders is unchanged."""
    from lm_eval import utils

    if "from_string" not in vars(utils.env):
        utils.env.from_string = lru_cache(maxsize=4096)(utils.env.from_string)


def load(name: str, include_path: str | None = None) -> tuple[dict[str, Any], bool]:
    """({name: task object}, whether they are a group with an aggregate) of a task, group or tag."""
    compile_once()
    loaded = manager_of(name, include_path).load([name])
    group = loaded["groups"].get(name)
    return dict(loaded["tasks"]), group is not None and bool(group.aggregate_metric_list)
