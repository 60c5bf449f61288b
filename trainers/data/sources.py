"""Rows read from the hub, a file, or the tiny skills, their columns named."""

import logging
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from holdfast.errors import DataError, UsageError, suggestion
from holdfast.files import Skip
from holdfast.records import SUFFIXES, pick, read_records
from holdfast.trainers.data.formats.known_formats import known_format
from holdfast.trainers.data.parts_of_folders import files_of, is_saved, saved_rows
from holdfast.trainers.episodes.rows import environment_rows, names_environments
from holdfast.trainers.settings.config import DataConfig

log = logging.getLogger("holdfast")
Row = dict[str, Any]
OURS = ("prompt", "completion", "reference", "messages", "chosen", "rejected", "label", "tools", "text", "system")


def named_rows(config: DataConfig, seed: int, data_root: Path | None) -> Iterator[Row]:
    """Rows with our columns beside their own. Raises DataError for a column that is missing, naming those there are."""
    return (named_row(where, record, config) for where, record in raw_rows(config, seed, data_root))


def named_row(where: str, record: Mapping[str, Any], config: DataConfig) -> Row:
    """One row with our columns beside its own; null columns are left out. Raises DataError as `named_rows`."""
    row = {key: value for key, value in record.items() if value is not None}
    for ours, theirs in config.columns.items():
        if ours not in OURS:
            raise UsageError(f"unknown column data.columns.{ours}{suggestion(ours, OURS)}")
        row[ours] = pick(record, theirs, where)
    try:
        known = known_format(row)
    except DataError as error:
        raise DataError(f"{where}: {error}") from error
    if config.template and not any(name in known for name in ("prompt", "messages")) and _fills(config.template, known):
        known["prompt"] = ""  # the template holds all of it
    return cast(Row, _renamed(known, config.rename)) if config.rename else known


def _fills(template: str, row: Row) -> bool:
    names = re.findall(r"{(\w+)}", template)
    return bool(names) and all(name in row for name in names)


def raw_rows(
    config: DataConfig, seed: int, data_root: Path | None, skip: Skip | None = None
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(where, row) as the source has them. Raises DataError; a file's row that cannot be read goes to `skip`."""
    if config.path.startswith("tiny:"):
        return _tiny_rows(config, seed)
    if names_environments(config):
        return environment_rows(config, data_root)
    local = data_root / config.file if data_root and config.file else Path(config.path)
    if local.is_dir() and is_saved(local):
        return saved_rows(local, config.split)
    if local.is_dir():
        return (pair for file in files_of(local, config.split) for pair in read_records(file, skip))
    if local.exists() and local == Path(config.path):
        _refuse_hub_keys(config)
    if local.exists() or (data_root and config.file) or config.path.endswith(SUFFIXES):
        return read_records(local, skip)
    return _hub_rows(config)


def _refuse_hub_keys(config: DataConfig) -> None:
    """Raise UsageError for what only a data set of the hub, or a folder, has."""
    default = DataConfig()
    for name in ("split", "name", "revision"):
        if (value := getattr(config, name)) != getattr(default, name):
            raise UsageError(f"data.{name}={value} says nothing of one file: {config.path} is read whole; leave it out")


def _hub_rows(config: DataConfig) -> Iterator[tuple[str, Mapping[str, Any]]]:
    from datasets import load_dataset
    from datasets.exceptions import DatasetNotFoundError

    if config.revision in (None, "main"):
        log.warning("data %s is not pinned to a commit (data.revision): it may change between runs", config.path)
    try:
        loaded = load_dataset(config.path, config.name, split=config.split, revision=config.revision)
    except (DatasetNotFoundError, OSError, ValueError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise DataError(
            f"cannot load data {config.path!r}: neither a file nor readable from the hub ({first})"
        ) from error
    return ((f"{config.path}[{index}]", row) for index, row in enumerate(loaded))


def _tiny_rows(config: DataConfig, seed: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """`tiny:a+b`: rows of the embedded model's skills, as many of each."""
    from holdfast.benchmarks.tiny.skills import generate

    skills = config.path.removeprefix("tiny:").split("+")
    each = -(-(config.limit or 1000) // len(skills))
    for skill in skills:
        for index, row in enumerate(generate(skill, "train", each, seed)):
            yield f"{config.path}[{skill} {index}]", row


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for old, new in names.items():
            value = value.replace(f"{{{{{old}}}}}", new).replace(old, new)
        return value
    if isinstance(value, dict):
        return {key: _renamed(inner, names) for key, inner in value.items()}
    return [_renamed(inner, names) for inner in value] if isinstance(value, list) else value


def source_of(config: DataConfig) -> str:
    """Where the rows of one data set come from, for the manifest: `id@commit`, or that no commit is named."""
    if names_environments(config):
        return config.path if config.environment is None else f"{config.path}{config.environment}"
    local = config.path.startswith("tiny:") or Path(config.path).exists() or config.path.endswith(SUFFIXES)
    if local:
        return config.path
    pinned = config.revision not in (None, "main")
    return f"{config.path}@{config.revision}" if pinned else f"{config.path}@main (not pinned)"
