"""A benchmark of one's own from one JSONL file and a reward's name, without writing Python."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from holdfast.benchmarks.suites.source import Doc, Source
from holdfast.benchmarks.suites.task import Task
from holdfast.errors import DataError, UsageError
from holdfast.files import digest
from holdfast.reward import Reward

_PLAIN = [
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
]


def task_from_file(settings: Mapping[str, Any], folder: Path) -> Task:
    """A Task of `{file: rows.jsonl, reward: numeric, task: name}` (the name is the file's by default).

    `prompt`, `reference`, `category`, `cluster`, `id` name the file's fields. The whole row is the reward's `info`.
    Relative paths start at the suite file's folder.

    Raises UsageError without a reward, DataError when the file is absent or empty.
    """
    path = (folder / str(settings["file"])).resolve()
    if "reward" not in settings:
        raise UsageError(
            f"task {settings['task']!r} reads {path.name} and needs `reward`: what scores it? (see `holdfast rewards`)"
        )
    if not path.is_file():
        raise DataError(f"task {settings['task']!r}: no file {path}")
    if not path.stat().st_size:
        raise DataError(f"task {settings['task']!r}: {path} is empty")
    needed = Reward.from_config(settings["reward"]).spec.needs_reference
    return Task(
        name=str(settings["task"]),
        reward=settings["reward"],
        source=Source(files=(str(path),), split=path.stem),
        version=digest(path.read_bytes().hex()),
        prompt=ReadField("prompt", settings, path),
        reference=ReadField("reference", settings, path, optional=not needed),
        answer=ReadField("answer", settings, path),
        doc_id=_optional(settings.get("id")),
        category=_optional(settings.get("category")),
        cluster=_optional(settings.get("cluster")),
        fewshot_source=Source(files=(str(path),), split=path.stem) if settings.get("fewshot") else None,
        **{key: _tuple(settings[key]) for key in _PLAIN if key in settings},
    )


class ReadField:
    """Reads one field of a row; raises DataError naming the fields there are."""

    def __init__(self, role: str, settings: Mapping[str, Any], path: Path, optional: bool = False) -> None:
        self.role, self.name = role, str(settings.get(role, role))
        self.path, self.optional = path, optional

    def __call__(self, doc: Doc) -> Any:
        if self.name not in doc and not self.optional:
            fields = ", ".join(str(key) for key in doc if key != "_file")
            raise DataError(
                f"{self.path} has no field {self.name!r}; it has {fields}. Say which one it is: `{self.role}: FIELD`"
            )
        return doc.get(self.name)


class ReadOptional:
    """Reads one field of a row as text, None where it is absent."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, doc: Doc) -> str | None:
        value = doc.get(self.name)
        return None if value is None else str(value)


def _optional(name: str | None) -> ReadOptional | None:
    return None if name is None else ReadOptional(name)


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
