"""A benchmark of one's own from a file or a data set of the hub and a reward's name, without writing Python."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from holdfast.benchmarks.suites.fields import (
    CheckedRows,
    ReadField,
    ReadOptional,
    ReadOptions,
    ReadPrompt,
    RightOption,
    ShownAnswer,
)
from holdfast.benchmarks.suites.source import Source
from holdfast.benchmarks.suites.task import Task
from holdfast.errors import DataError, UsageError, unknown
from holdfast.files import digest
from holdfast.reward import Reward

FILE_KEYS = (
    *("file", "hub", "config", "split", "revision"),
    *("prompt", "reference", "answer", "category", "cluster", "id", "choices", "perplexity"),
)
"""What only a task of one's own rows may set."""
_ROWS = ("task", "name", "limit", "chat", "k", "categories", *FILE_KEYS[:5], "prompt", "category", "cluster", "id")
_GENERATE = (
    *("fewshot", "chat_fewshot", "system", "max_tokens", "stop", "stop_chat", "sampling", "repeats", "chance"),
    "metric",
)
_CHOICE = ("fewshot", "chat_fewshot", "system", "chance", "length_normalized")
_HUB_ONLY = ("config", "split", "revision")


def task_from_file(settings: Mapping[str, Any], folder: Path) -> Task:
    """A Task of `{file: rows.jsonl, reward: numeric, task: name}` (the name is the file's by default), or of
    `{hub: owner/name, config: …, split: test, revision: …, reward: numeric}`.

    `prompt`, `reference`, `category`, `cluster`, `id` name the rows' fields (`input.text`, `output.0` inside others).
    The whole row is the reward's `info`. With `choices: FIELD` (a list of options) the likeliest option is the
    answer, and the reference is an option's number from 0, its letter or its text; `perplexity: true` measures the
    likelihood of each row's `prompt` field (`text` by default) per byte. Both need no reward. JSONL, JSON, CSV, TSV,
    parquet and plain text are read. Relative paths start at the suite file's folder.

    Raises UsageError without a reward or for a setting without effect, DataError when the file is absent or empty.
    """
    source, where, version = _source(settings, folder)
    if settings.get("perplexity"):
        return _text_task(settings, source, where, version)
    if "choices" in settings:
        return _choice_task(settings, source, where, version)
    if "reward" not in settings:
        raise UsageError(
            f"task {settings['task']!r} reads {where} and needs `reward`: what scores it? (see `holdfast rewards`)"
        )
    _refuse_without_effect(settings, ("reward", "reference", "answer", *_GENERATE), "generated answers")
    needed = Reward.from_config(settings["reward"]).spec.needs_reference
    reference = ReadField("reference", settings.get("reference"), where, optional=not needed)
    return Task(
        **_common(settings, source, where, version),
        reward=settings["reward"],
        reference=reference,
        answer=ShownAnswer(settings.get("answer"), reference, where),
        fewshot_source=source if settings.get("fewshot") or settings.get("chat_fewshot") else None,
        **{key: _tuple(settings[key]) for key in _GENERATE if key in settings},
    )


def _source(settings: Mapping[str, Any], folder: Path) -> tuple[Source, str, str]:
    """(where the rows come from, how errors call it, the task's version)."""
    columns = {role: one for role, one in _optional(settings, "").items() if one is not None}
    if "hub" in settings:
        hub, config = str(settings["hub"]), settings.get("config")
        split, revision = str(settings.get("split", "test")), str(settings.get("revision", ""))
        made = Source(hub=hub, config=config, split=split, revision=revision, assemble_hub=CheckedRows(columns, hub))
        return made, hub, digest([hub, config, split, revision])
    for key in _HUB_ONLY:
        if key in settings:
            raise UsageError(f"task {settings['task']!r}: {key}= is for a data set of the hub (`hub: owner/name`)")
    path = (folder / str(settings["file"])).resolve()
    if not path.is_file():
        raise DataError(f"task {settings['task']!r}: no file {path}")
    if not path.stat().st_size:
        raise DataError(f"task {settings['task']!r}: {path} is empty")
    made = Source(files=(str(path),), split=path.stem, assemble=CheckedRows(columns, path))
    return made, str(path), digest(path.read_bytes().hex())


def _optional(settings: Mapping[str, Any], where: str) -> dict[str, ReadOptional | None]:
    names = {role: settings.get(role) for role in ("id", "category", "cluster")}
    return {role: None if name is None else ReadOptional(role, str(name), where) for role, name in names.items()}


def _common(settings: Mapping[str, Any], source: Source, where: str, version: str) -> dict[str, Any]:
    columns = _optional(settings, where)
    return {
        "name": str(settings["task"]),
        "source": source,
        "version": version,
        "prompt": ReadPrompt("prompt", settings.get("prompt"), where),
        "doc_id": columns["id"],
        "category": columns["category"],
        "cluster": columns["cluster"],
    }


def _text_task(settings: Mapping[str, Any], source: Source, where: str, version: str) -> Task:
    """Likelihood per byte of a field."""
    _refuse_without_effect(settings, ("perplexity",), "the likelihood of a text")
    text = ReadPrompt("prompt", settings.get("prompt", "text"), where)
    common = {**_common(settings, source, where, version), "prompt": text}
    return Task(**common, reward="exact_match", kind="perplexity", reference=text, metric="byte_likelihood")


def _choice_task(settings: Mapping[str, Any], source: Source, where: str, version: str) -> Task:
    """The likeliest of the options in a field."""
    _refuse_without_effect(settings, ("choices", "reference", *_CHOICE), "options compared by likelihood")
    options = ReadOptions("choices", settings["choices"], where)
    right = RightOption(options, ReadField("reference", settings.get("reference"), where))
    return Task(
        **_common(settings, source, where, version),
        reward="exact_match",
        kind="choice",
        choices=options,
        reference=right,
        answer=right,
        fewshot_source=source if settings.get("fewshot") or settings.get("chat_fewshot") else None,
        **{key: settings[key] for key in _CHOICE if key in settings},
    )


def _refuse_without_effect(settings: Mapping[str, Any], meant: tuple[str, ...], what: str) -> None:
    """Raise UsageError for a setting that has no effect on this kind of task."""
    for key in settings:
        if key not in (*_ROWS, *meant):
            raise unknown(f"setting of task {settings['task']!r} ({what})", key, (*_ROWS, *meant))


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
