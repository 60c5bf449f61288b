"""The rows to train on: one data set's own, filtered, shuffled and cut, with replay mixed in."""

import logging
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from holdfast.errors import DataError, UsageError
from holdfast.trainers.data.row_filter import active, filter_result, kept_rows
from holdfast.trainers.data.several import check_template, finished, weighted_rows
from holdfast.trainers.data.sources import named_rows
from holdfast.trainers.settings.config import DataConfig
from holdfast.trainers.settings.data_sets import INHERITED, label, named_data, parts

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
        source = replay_source(config, seed, data_root, dropped) if written is None else written
        rows += [source[i % len(source)] for i in range(replay_count(len(rows), ratio))]
        random.Random(seed).shuffle(rows)
    return rows


def own_rows(
    config: DataConfig, seed: int, data_root: Path | None = None, dropped: list[Row] | None = None
) -> list[Row]:
    """The rows of a data set, or of several in one, filtered, shuffled and cut as configured."""
    if config.sources:
        rows = [
            finished(row, part, config)
            for part, weight in parts(config)
            for row in weighted_rows(own_rows(part, seed, data_root, dropped), weight, seed)
        ]
    else:
        parts(config)
        rows = list(named_rows(config, seed, data_root))
        check_template(rows, config)
    dropped_text = ""
    if active(config.filter):
        reasons = kept_rows(rows, config, data_root)
        dropped_text = f": {filter_result(reasons).sentence()}"
        log.info("data %s%s", label(config), dropped_text)
        if dropped is not None:
            dropped += [{"reason": reason, "row": row} for row, reason in zip(rows, reasons, strict=True) if reason]
        rows = [row for row, reason in zip(rows, reasons, strict=True) if not reason]
    if not rows:
        raise DataError(f"no training rows in {label(config)}{dropped_text}")
    if config.shuffle:
        random.Random(seed).shuffle(rows)
    return rows[: config.limit]


def replay_count(rows: int, ratio: float) -> int:
    """How many rows of replay make `ratio` of a mix with so many others; they recur when there are fewer."""
    return round(rows * ratio / (1 - ratio))


def replay_source(
    config: DataConfig, seed: int, data_root: Path | None = None, dropped: list[Row] | None = None
) -> list[Row]:
    """The rows of the replay data, with a template or system message of their own where it has one."""
    if config.replay.data is None:
        raise UsageError("data.replay.ratio needs data.replay.data=… (a name of conf/data, a file or a hub id)")
    own = named_data(config.replay.data)
    return [finished(row, own, config) for row in own_rows(own, seed, data_root, dropped)]


def first_rows(config: DataConfig, seed: int, data_root: Path | None, count: int) -> Iterator[Row]:
    """Some rows to look at before a training, neither filtered nor shuffled; of several sets some of each."""
    sets = parts(config)
    for part, _ in sets:
        for row in islice(named_rows(part, seed, data_root), max(1, count // len(sets))):
            yield finished(row, part, config) if config.sources else row


def split_validation(
    rows: list[Row], config: DataConfig, seed: int, data_root: Path | None = None
) -> tuple[list[Row], list[Row]]:
    """(rows to train on, rows held out) as `data.validation` says. Raises UsageError for a share that leaves none."""
    validation = config.validation
    if validation is None:
        return rows, []
    if isinstance(validation, str) and re.fullmatch(r"[\d.]+ ?%", validation):
        validation = float(validation.rstrip("% ")) / 100
    if isinstance(validation, int | float) and not isinstance(validation, bool):
        count = round(len(rows) * validation)
        if not 0 < validation < 1 or not 0 < count < len(rows):
            raise UsageError(
                f"data.validation={validation} of {len(rows)} rows holds out {count}: give a share of some"
            )
        validation_rows = set(random.Random(seed).sample(range(len(rows)), count))
        return [row for n, row in enumerate(rows) if n not in validation_rows], [
            rows[n] for n in sorted(validation_rows)
        ]
    own = named_data(validation)
    like = {name: getattr(config, name) for name in INHERITED if not getattr(own, name)}
    own = replace(own, **like)
    return rows, [finished(row, own, config) for row in own_rows(own, seed, data_root)]
