"""Columns of the rows that a training does not read: said once, before it begins."""

import logging
import re
from collections.abc import Sequence
from typing import Any

from holdfast.trainers.data.formats.known_formats import columns_of
from holdfast.trainers.data.formats.row_formats import FINAL, WRITTEN
from holdfast.trainers.settings.config import DataConfig
from holdfast.trainers.settings.data_sets import parts
from holdfast.trainers.settings.trainer_spec import Trainer

log = logging.getLogger("holdfast")
Row = dict[str, Any]


def unused(rows: Sequence[Row], trainer: Trainer, config: DataConfig) -> list[str]:
    """The columns, in alphabetical order. Rewards may read any column, so a training on rewards has none."""
    if trainer.learns_from_reward:
        return []
    always = {"tools", "prompt", "system", "system_prompt", FINAL, WRITTEN}
    read = {name for names in trainer.columns for name in names} | always
    for part, _ in parts(config):
        read |= set(re.findall(r"{(\w+)}", part.template or "")) | {
            head.split(".")[0] for head in _mapped_columns(part)
        }
    there = {str(name) for row in rows for name in row.keys() - columns_of(row)}
    return sorted(there - read)


def warn(rows: Sequence[Row], trainer: Trainer, name: str, config: DataConfig) -> None:
    """Log which columns of the data the trainer does not use."""
    if found := unused(rows, trainer, config):
        log.info(
            "data: trainer=%s does not read %s; data.columns.<ours>=<theirs> maps a column, data.template names it",
            name,
            ", ".join(map(repr, found)),
        )


def _mapped_columns(config: DataConfig) -> list[str]:
    return [one for theirs in config.columns.values() for one in theirs.split(",")]
