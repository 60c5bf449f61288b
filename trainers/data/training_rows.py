"""Training rows as a data card and a filter see them: read, mapped and shaped by the code that trains on them."""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdfast.errors import DataError, suggestion
from holdfast.files import Skip
from holdfast.trainers.data.entry import Entry, Turn, turns_of
from holdfast.trainers.data.formats.row_formats import with_prompt
from holdfast.trainers.data.several import finished
from holdfast.trainers.data.sources import OURS, named_row, raw_rows
from holdfast.trainers.settings.catalogue import builtin_trainers, find_trainer
from holdfast.trainers.settings.config import DataConfig
from holdfast.trainers.settings.data_sets import parts

Row = Mapping[str, Any]
Located = tuple[str, Row]
KINDS = {
    "preference": ("chosen", "rejected"),
    "marked": ("completion", "label"),
    "marked conversations": ("messages", "label"),
    "prompt and completion": ("prompt", "completion"),
    "messages": ("messages",),
    "prompt and reference": ("prompt", "reference"),
    "prompt": ("prompt",),
    "plain text": ("text",),
}
"""Kinds of rows and the columns each is known by; the first that fits counts. Which trainer reads one, it declares."""
_LOOKED_AT = 100
_USUAL = (
    ("instruction", "output"), ("question", "answer"), ("query", "response"), ("problem", "solution"),
    ("input", "output"), ("instruction", "response"), ("prompt", "response"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OpenedData:
    """A data set that is being read."""

    kind: str
    trainer: str
    """Whose shape the rows take; empty for plain text, which no trainer here reads."""
    rows: Iterator[Located]
    """(where, row with our columns)."""


def read(config: DataConfig, data_root: Path | None, skip: Skip, trainer: str = "", seed: int = 0) -> OpenedData:
    """Open a data set. Rows that cannot be read, or lack a mapped column, go to `skip`.

    Raises DataError when the data set cannot be read at all, or its columns are none a trainer reads.
    """
    return reading(_located_rows(config, data_root, skip, seed), trainer)


def reading(rows: Iterable[Located], trainer: str = "") -> OpenedData:
    """The kind of rows these are, by the first hundred."""
    if trainer:
        find_trainer(trainer)
    iterator = iter(rows)
    first = list(itertools.islice(iterator, _LOOKED_AT))
    if not first:
        return OpenedData("", trainer, iter(()))
    kinds = Counter(kind_of(row, trainer) for _, row in first)
    del kinds[""]
    if not kinds:
        raise DataError(_unknown_columns(first[0][1]))
    kind = kinds.most_common(1)[0][0]
    return OpenedData(kind, trainer or usual_trainer(kind), itertools.chain(first, iterator))


def kind_of(row: Row, trainer: str = "") -> str:
    """The kind of a row; empty when it has no columns that a trainer (or this one) reads."""
    own = {" and ".join(columns): tuple(columns) for columns in find_trainer(trainer).columns} if trainer else {}
    kinds = KINDS | {name: columns for name, columns in own.items() if columns not in KINDS.values()}
    return next((kind for kind, columns in kinds.items() if all(name in row for name in columns)), "")


def usual_trainer(kind: str) -> str:
    """The trainer that is meant where none is named; empty where none reads such rows."""
    usual = (name for name, one in builtin_trainers().items() if one.usual and KINDS[kind] in map(tuple, one.columns))
    return next(usual, "")


def entry_of(where: str, row: Row, kind: str, trainer: str, config: DataConfig) -> Entry:
    """The row in its trainer's shape. Raises DataError where training would."""
    if not trainer:
        text = row.get("text")
        if not isinstance(text, str):
            raise DataError(f"expected a text in the column 'text', found {text!r:.80}")
        return Entry(where, kind, (), {"completion": (Turn("", text),)}, row)
    shaped = with_prompt(find_trainer(trainer).row(dict(row), config))
    names = ("completion", "chosen", "rejected")
    answers = {name: turns_of(shaped[name]) for name in names if name in shaped}
    return Entry(where, kind, turns_of(shaped["prompt"]) if shaped["prompt"] else (), answers, row)


def _located_rows(config: DataConfig, data_root: Path | None, skip: Skip, seed: int) -> Iterator[Located]:
    for part, _ in parts(config):
        for where, record in raw_rows(part, seed, data_root, skip):
            try:
                row = named_row(where, record, part)
                yield where, finished(row, part, config) if config.sources else row
            except DataError as error:
                skip(error)


def _unknown_columns(row: Row) -> str:
    hint = ""
    if "conversations" in row:
        hint = ", such as columns=[messages:conversations]"
    for prompt_column, completion_column in _USUAL:
        if prompt_column in row and completion_column in row:
            hint = f", such as columns=[prompt:{prompt_column},completion:{completion_column}]"
            break
    return (
        f"no trainer reads these rows: they need {', '.join(OURS)}; name theirs with columns=[ours:theirs,…]"
        f" (in training data.columns.<ours>=<theirs>){hint}{suggestion('', map(str, row))}"
    )
