"""Training rows as a data card and a filter see them: read, mapped and shaped by the code that trains on them."""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdfast.errors import DataError, suggestion, unknown
from holdfast.files import Skip
from holdfast.trainers.data.card.entry import Entry, Turn, turns_of
from holdfast.trainers.data.sources import OURS, named_row, raw_rows
from holdfast.trainers.run.config import DataConfig
from holdfast.trainers.run.trainer_spec import shape_of
from holdfast.trainers.run.trl_args import CONFIGS

Row = Mapping[str, Any]
Located = tuple[str, Row]
KINDS = {
    "preference": ("dpo", ("chosen", "rejected")),
    "marked": ("kto", ("completion", "label")),
    "marked conversations": ("kto", ("messages", "label")),
    "prompt and completion": ("sft", ("prompt", "completion")),
    "messages": ("sft", ("messages",)),
    "prompt and reference": ("grpo", ("prompt", "reference")),
    "prompt": ("grpo", ("prompt",)),
    "plain text": ("", ("text",)),
}
"""Kinds of rows, the trainer each is for, and the columns it is known by; the first that fits counts."""
_LOOKED_AT = 100
_USUAL = (
    ("instruction", "output"), ("question", "answer"), ("query", "response"), ("problem", "solution"),
    ("input", "output"), ("instruction", "response"), ("prompt", "response"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """A data set that is being read."""

    kind: str
    trainer: str
    """Whose shape the rows take; empty for plain text, which no trainer here reads."""
    rows: Iterator[Located]
    """(where, row with our columns)."""


def read(config: DataConfig, data_root: Path | None, skip: Skip, trainer: str = "", seed: int = 0) -> Reading:
    """Open a data set. Rows that cannot be read, or lack a mapped column, go to `skip`.

    Raises DataError when the data set cannot be read at all, or its columns are none a trainer reads.
    """
    return reading(_named(config, data_root, skip, seed), trainer)


def reading(rows: Iterable[Located], trainer: str = "") -> Reading:
    """The kind of rows these are, by the first hundred."""
    if trainer and trainer not in CONFIGS:
        raise unknown("trainer", trainer, CONFIGS)
    iterator = iter(rows)
    first = list(itertools.islice(iterator, _LOOKED_AT))
    if not first:
        return Reading("", trainer, iter(()))
    kinds = Counter(kind_of(row) for _, row in first)
    del kinds[""]
    if not kinds:
        raise DataError(_unknown_columns(first[0][1]))
    kind = kinds.most_common(1)[0][0]
    return Reading(kind, trainer or KINDS[kind][0], itertools.chain(first, iterator))


def kind_of(row: Row) -> str:
    """The kind of a row; empty when it has no columns that a trainer reads."""
    return next((kind for kind, (_, columns) in KINDS.items() if all(name in row for name in columns)), "")


def entry_of(where: str, row: Row, kind: str, trainer: str, config: DataConfig) -> Entry:
    """The row in its trainer's shape. Raises DataError where training would."""
    if not trainer:
        text = row.get("text")
        if not isinstance(text, str):
            raise DataError(f"expected a text in the column 'text', found {text!r:.80}")
        return Entry(where, kind, (), {"completion": (Turn("", text),)}, row)
    shaped = shape_of(trainer)(dict(row), config)
    names = ("completion", "chosen", "rejected")
    answers = {name: turns_of(shaped[name]) for name in names if name in shaped}
    return Entry(where, kind, turns_of(shaped["prompt"]), answers, row)


def _named(config: DataConfig, data_root: Path | None, skip: Skip, seed: int) -> Iterator[Located]:
    for where, record in raw_rows(config, seed, data_root, skip):
        try:
            yield where, named_row(where, record, config)
        except DataError as error:
            skip(error)


def _unknown_columns(row: Row) -> str:
    hint = ""
    if "conversations" in row:
        hint = ", such as columns=[messages:conversations]"
    for asked, answered in _USUAL:
        if asked in row and answered in row:
            hint = f", such as columns=[prompt:{asked},completion:{answered}]"
            break
    return (
        f"no trainer reads these rows: they need {', '.join(OURS)}; name theirs with columns=[ours:theirs,…]"
        f" (in training data.columns.<ours>=<theirs>){hint}{suggestion('', map(str, row))}"
    )
