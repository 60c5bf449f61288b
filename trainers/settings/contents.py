"""What a run's settings point at, by content: two runs with the same words are the same run only when these agree."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from holdfast.benchmarks.suites.suite import load_suite
from holdfast.files import digest
from holdfast.trainers.settings.config import DataConfig, TrainConfig
from holdfast.trainers.settings.data_sets import named_data, parts

_BLOCK, _BLOCKS = 1 << 20, 64
"""How many blocks of a larger file are read, evenly spaced: a training step changes all of a model's weights."""


def contents(config: TrainConfig) -> dict[str, str]:
    """Hashes of the local files that the settings name, and of the suite's tasks, by what they are."""
    found = {"suite": _suite(config)}
    for name, path in _paths(config):
        if path.exists():
            found[name] = _hash(path)
    return found


def _suite(config: TrainConfig) -> str:
    entries = load_suite(config.suite).entries
    return digest([[entry.name, entry.task.version if entry.task else "", entry.limit] for entry in entries])


def _paths(config: TrainConfig) -> Iterator[tuple[str, Path]]:
    root = Path(config.data_root) if config.data_root else None
    yield "model", Path(config.model.path)
    if config.model.chat_template:
        yield "model.chat_template", Path(config.model.chat_template)
    for number, (part, _) in enumerate(parts(config.data)):
        yield f"data.sources.{number}" if config.data.sources else "data", _data(part, root)
    validation = config.data.validation
    if validation is not None and not isinstance(validation, int | float) and not str(validation).endswith("%"):
        yield "data.validation", _data(named_data(validation), root)
    replayed: Any = config.data.replay.data
    if config.data.replay.ratio and isinstance(replayed, str):
        yield "data.replay.data", Path(replayed)


def _data(config: DataConfig, root: Path | None) -> Path:
    return root / config.file if root and config.file else Path(config.path)


def _hash(path: Path) -> str:
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    shown = [file for file in files if not any(part.startswith(".") for part in file.relative_to(path).parts)]
    return digest([[str(file.relative_to(path)), _file(file)] for file in shown])


def _file(path: Path) -> str:
    size = path.stat().st_size
    state = hashlib.blake2b(str(size).encode(), digest_size=16)
    step = max(_BLOCK, size // _BLOCKS)
    with path.open("rb") as stream:
        for start in range(0, size, step):
            stream.seek(start)
            state.update(stream.read(_BLOCK))
    return state.hexdigest()
