"""Several data sets as one (`data=[a, b]`, `data.sources`): what each is, and how often its rows are taken."""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from holdfast.errors import UsageError
from holdfast.trainers.data.formats.messages import system_of
from holdfast.trainers.data.formats.row_formats import FINAL, prompt
from holdfast.trainers.data.sources import source_of
from holdfast.trainers.settings.config import DataConfig
from holdfast.trainers.settings.data_sets import label, parts

Row = dict[str, Any]


def weighted_rows(rows: Sequence[Row], weight: float, seed: int) -> list[Row]:
    """Each row so often: whole times in order, and of the rest of the weight a random share. Raises UsageError for a
    weight that takes none.

    >>> len(taken([{}] * 10, 2.5, 0))
    25
    """
    times, share = divmod(weight, 1)
    if rows and not times and not round(share * len(rows)):
        raise UsageError(f"a weight of {weight:g} takes none of a source's {len(rows):,} rows")
    some = sorted(random.Random(seed).sample(range(len(rows)), round(share * len(rows))))
    return [*(row for _ in range(int(times)) for row in rows), *(rows[number] for number in some)]


def finished(row: Row, own: DataConfig, whole: DataConfig) -> Row:
    """A row of a set with a template or system message of its own, its prompt as the model shall see it."""
    if not (own.template or own.system) or not isinstance(row.get("prompt"), str):
        return row
    return row | {"prompt": prompt(row, replace(own, conversational=whole.conversational)), FINAL: True}


def check_template(rows: Sequence[Row], config: DataConfig) -> None:
    """Raise UsageError for a template or system message that no row can take: they are conversations."""
    if config.system and any(system_of(row) for row in rows):
        raise UsageError(
            f"data.system and the rows' own system messages cannot both stand before a prompt: {label(config)} has a"
            " column of them"
        )
    given = [name for name in ("template", "system") if getattr(config, name)]
    if not given or any(isinstance(row.get("prompt"), str) for row in rows):
        return
    if any("prompt" in row or "messages" in row for row in rows):
        raise UsageError(
            f"data.{given[0]} goes with prompts that are text; the rows of {label(config)} are conversations, which"
            " stay as they are"
        )


def origin(config: DataConfig) -> str:
    """Where all rows come from, for the manifest."""
    return " + ".join(
        source_of(part) + (f" × {weight:g}" if config.sources and weight != 1 else "") for part, weight in parts(config)
    )
