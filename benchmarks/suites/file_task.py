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
    With `choices: FIELD` (a list of options) the likeliest option is the answer, and the reference is an option's
    number from 0, its letter or its text; `perplexity: true` measures the likelihood of each row's `prompt`
    field (`text` in a text file) per byte. Both need no reward. JSONL, JSON, CSV, parquet and plain text are read.
    Relative paths start at the suite file's folder.

    Raises UsageError without a reward, DataError when the file is absent or empty.
    """
    path = (folder / str(settings["file"])).resolve()
    if "reward" not in settings and "choices" not in settings and not settings.get("perplexity"):
        raise UsageError(
            f"task {settings['task']!r} reads {path.name} and needs `reward`: what scores it? (see `holdfast rewards`)"
        )
    if not path.is_file():
        raise DataError(f"task {settings['task']!r}: no file {path}")
    if not path.stat().st_size:
        raise DataError(f"task {settings['task']!r}: {path} is empty")
    if settings.get("perplexity"):
        return _text_task(settings, path)
    if "choices" in settings:
        return _choice_task(settings, path)
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


def _common(settings: Mapping[str, Any], path: Path) -> dict[str, Any]:
    return {
        "name": str(settings["task"]),
        "source": Source(files=(str(path),), split=path.stem),
        "version": digest(path.read_bytes().hex()),
        "doc_id": _optional(settings.get("id")),
        "category": _optional(settings.get("category")),
        "cluster": _optional(settings.get("cluster")),
    }


def _text_task(settings: Mapping[str, Any], path: Path) -> Task:
    """Likelihood per byte of a field."""
    text = ReadField("prompt", {"prompt": "text", **settings}, path)
    return Task(
        **_common(settings, path),
        reward="exact_match",
        kind="perplexity",
        prompt=text,
        reference=text,
        metric="byte_likelihood",
    )


def _choice_task(settings: Mapping[str, Any], path: Path) -> Task:
    """The likeliest of the options in a field."""
    options = ReadField("choices", settings, path)
    right = RightOption(options, ReadField("reference", settings, path))
    return Task(
        **_common(settings, path),
        reward="exact_match",
        kind="choice",
        prompt=ReadField("prompt", settings, path),
        choices=options,
        reference=right,
        answer=right,
        fewshot_source=Source(files=(str(path),), split=path.stem) if settings.get("fewshot") else None,
        **{key: settings[key] for key in ("fewshot", "chat_fewshot", "chance", "length_normalized") if key in settings},
    )


class RightOption:
    """The text of the right option, which a row names by its number from 0, its letter or its text."""

    def __init__(self, options: "ReadField", named: "ReadField") -> None:
        self._options, self._named = options, named

    def __call__(self, doc: Doc) -> str:
        """The right option of a row, by its text, letter or index."""
        options = [str(option) for option in self._options(doc)]
        named = self._named(doc)
        if isinstance(named, str) and named in options:
            return named
        number = "ABCDEFGHIJKLMNOP".find(named.upper()) if isinstance(named, str) and len(named) == 1 else named
        if isinstance(named, str) and named.isdecimal():
            number = int(named)
        if not isinstance(number, int) or not 0 <= number < len(options):
            raise DataError(
                f"{self._named.path}: {named!r} is no option's number, letter or text ({len(options)} options)"
            )
        return options[number]


class ReadField:
    """Reads one field of a row; raises DataError naming the fields there are."""

    def __init__(self, role: str, settings: Mapping[str, Any], path: Path, optional: bool = False) -> None:
        self.role, self.name = role, str(settings.get(role, role))
        self.path, self.optional = path, optional

    def __call__(self, doc: Doc) -> Any:
        """The field's value; a DataError names the fields that a row without it has."""
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
        """The field's value as text; None where a row has none."""
        value = doc.get(self.name)
        return None if value is None else str(value)


def _optional(name: str | None) -> ReadOptional | None:
    return None if name is None else ReadOptional(name)


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
