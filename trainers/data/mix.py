"""The rows to train on: one data set's own, filtered, shuffled and cut, with replay mixed in."""

import logging
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from holdfast.errors import DataError, UsageError
from holdfast.trainers.data.row_filter import active, kept_rows, sifted
from holdfast.trainers.data.sources import named_data, named_rows
from holdfast.trainers.settings.config import DataConfig, ReplayConfig

log = logging.getLogger("holdfast")
Row = dict[str, Any]


def training_rows(
    config: DataConfig,
    seed: int,
    data_root: Path | None = None,
    written: Sequence[Row] | None = None,
    dropped: list[Row] | None = None,
) -> list[Row]:
    """The rows to train on, replay included, in the order training sees them (TRL shuffles once more).

    `written`: the replay, where the base model wrote it (`data.replay.source=self`). `dropped` gets the rows that
    `data.filter` leaves out, each with its reason.

    Raises DataError for data that cannot be read or has no rows left, UsageError for a wrong setting.
    """
    rows = own_rows(config, seed, data_root, dropped)
    ratio = config.replay.ratio
    if not 0 <= ratio < 1:
        raise UsageError(f"data.replay.ratio must be at least 0 and below 1, not {ratio}")
    if ratio:
        source = replay_source(config.replay, seed, data_root, dropped) if written is None else written
        rows += [source[i % len(source)] for i in range(replay_count(len(rows), ratio))]
        random.Random(seed).shuffle(rows)
    return rows


def own_rows(
    config: DataConfig, seed: int, data_root: Path | None = None, dropped: list[Row] | None = None
) -> list[Row]:
    """The rows of one data set, filtered, shuffled and cut as configured."""
    rows = list(named_rows(config, seed, data_root))
    told = ""
    if active(config.filter):
        reasons = kept_rows(rows, config, data_root)
        told = f": {sifted(reasons).sentence()}"
        log.info("data %s%s", config.path, told)
        if dropped is not None:
            dropped += [{"reason": why, "row": row} for row, why in zip(rows, reasons, strict=True) if why]
        rows = [row for row, why in zip(rows, reasons, strict=True) if not why]
    if not rows:
        raise DataError(f"no training rows in {config.path}{told}")
    if config.shuffle:
        random.Random(seed).shuffle(rows)
    return rows[: config.limit]


def replay_count(rows: int, ratio: float) -> int:
    """How many rows of replay make `ratio` of a mix with so many others; they recur when there are fewer."""
    return round(rows * ratio / (1 - ratio))


def replay_source(
    config: ReplayConfig, seed: int, data_root: Path | None = None, dropped: list[Row] | None = None
) -> list[Row]:
    """The rows of the replay data."""
    if config.data is None:
        raise UsageError("data.replay.ratio needs data.replay.data=… (a name of conf/data, a file or a hub id)")
    return own_rows(named_data(config.data), seed, data_root, dropped)


def split_validation(
    rows: list[Row], config: DataConfig, seed: int, data_root: Path | None = None
) -> tuple[list[Row], list[Row]]:
    """(rows to train on, rows held out) as `data.validation` says. Raises UsageError for a share that leaves none."""
    wanted = config.validation
    if wanted is None:
        return rows, []
    if isinstance(wanted, int | float) and not isinstance(wanted, bool):
        count = round(len(rows) * wanted)
        if not 0 < wanted < 1 or not 0 < count < len(rows):
            raise UsageError(f"data.validation={wanted} of {len(rows)} rows holds out {count}: give a share of some")
        held = set(random.Random(seed).sample(range(len(rows)), count))
        return [row for n, row in enumerate(rows) if n not in held], [rows[n] for n in sorted(held)]
    return rows, own_rows(named_data(wanted), seed, data_root)
