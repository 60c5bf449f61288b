"""A data card of what `holdfast train` would train on, and its warnings before it does."""

import itertools
import logging
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdfast.benchmarks.suites.suite import Suite
from holdfast.errors import DataError
from holdfast.files import read_json
from holdfast.reward import Reward
from holdfast.trainers.data.card.card import Card
from holdfast.trainers.data.card.diversity import diversity
from holdfast.trainers.data.card.faults import Tally
from holdfast.trainers.data.card.findings import findings
from holdfast.trainers.data.card.gather import Gather, languages, quantiles
from holdfast.trainers.data.card.judged import judge
from holdfast.trainers.data.entry import Entry, snippet, text_of
from holdfast.trainers.data.overlap.contamination import Checker, Contamination
from holdfast.trainers.data.several import origin
from holdfast.trainers.data.suite_items import suite_items
from holdfast.trainers.data.training_rows import Located, OpenedData, Row, entry_of, read, reading
from holdfast.trainers.run.run_dir import amend_manifest
from holdfast.trainers.settings import trl_args
from holdfast.trainers.settings.catalogue import find_trainer
from holdfast.trainers.settings.config import DataConfig, TrainConfig

log = logging.getLogger("holdfast")
SAMPLE, SUBSET = 2_000, 2_000
"""Rows that languages, diversity and a reward are measured on; rows that a training looks at before it starts."""


@dataclass(frozen=True, slots=True)
class CardTokenizer:
    """A tokenizer, as a card uses it."""

    name: str
    count: Callable[[str], int]
    limit: int | None = None
    """Tokens from which a row is too long; None: as the trainer has it."""


def card_of(
    config: DataConfig,
    *,
    trainer: str = "",
    data_root: Path | None = None,
    limit: int | None = None,
    sample: int = SAMPLE,
    suite: Suite | None = None,
    reward: Reward | None = None,
    tokenizer: CardTokenizer | None = None,
    progress: Callable[[int], None] = lambda rows: None,
) -> Card:
    """Read a data set once, row by row, and describe it. `limit`: read no more rows; `progress` gets their number.

    Raises DataError for a data set that cannot be read at all; single bad rows are counted in the card.
    """
    tally = Tally()
    unreadable: list[DataError] = []

    def skip(error: DataError) -> None:
        unreadable.append(error) if not unreadable else None
        where = _where(error)
        tally.note("unreadable", where, snippet(str(error).removeprefix(where).lstrip(": "), 160))

    opened = read(config, data_root, skip, trainer)
    if not opened.kind:
        raise unreadable[0] if unreadable else DataError(f"{config.path} holds no rows")
    gather = Gather(
        tally, sample, *((tokenizer.count, tokenizer.limit or _usual_limit(opened.trainer)) if tokenizer else ())
    )
    rows = _Counted(opened.rows, limit, progress)
    card = _described(opened, rows, gather, config, suite, data_root)
    card.source, card.complete = origin(config), rows.exhausted
    if tokenizer:
        card.tokens = gather.tokens(tokenizer.name)
    _sampled(card, gather, reward)
    card.findings = findings(card, gather.tally)
    card.seconds = round(rows.seconds, 3)
    return card


def card_tokenizer(model: str, limit: int | None = None) -> CardTokenizer:
    """The tokenizer of `tiny`, a directory or a hub id. Raises DataError when there is none."""
    import transformers

    from holdfast.trainers.models.model import model_place

    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(model_place(model))
    except (OSError, ValueError, KeyError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise DataError(f"no tokenizer of {model!r}: {first}") from error

    def count(text: str) -> int:
        readable = text.encode("utf-8", "replace").decode()  # tokenizers refuse half a surrogate pair
        return len(tokenizer(readable, truncation=False, verbose=False)["input_ids"])

    return CardTokenizer(model, count, limit)


def warnings_before(config: TrainConfig, rows: list[dict[str, Any]]) -> Card:
    """The card of some of a run's rows: at most 2,000, taken at random, without what costs time."""
    taken = sorted(random.Random(0).sample(range(len(rows)), min(SUBSET, len(rows))))
    located = ((f"training row {number}", rows[number]) for number in taken)
    opened = reading(located, config.trainer.name)
    gather = Gather(Tally(), SAMPLE)
    card = _described(opened, _Counted(opened.rows, None), gather, config.data, None, None)
    card.source, card.complete = origin(config.data), len(taken) == len(rows)
    card.findings = findings(card, gather.tally)
    return card


def record(config: TrainConfig, rows: list[dict[str, Any]], out: Path) -> None:
    """Look at a run's training rows before it trains; what is wrong goes to the manifest and the log."""
    if not config.card:
        return
    card = warnings_before(config, rows)
    of = f"the {card.rows:,} training rows" if card.complete else f"{card.rows:,} of {len(rows):,} training rows"
    sentences = [finding.sentence() for finding in card.findings]
    sentence = f"{of}: {'; '.join(sentences) or 'nothing found'}"
    amend_manifest(out, data_card={"sentence": sentence, "of": of, "breaks": len(card.broken), "findings": sentences})
    for text in sentences:
        log.warning("data (%s): %s", of, text)


def warnings_of(out: Path) -> tuple[str, ...]:
    """What the report has to say of it: what breaks training, not what may be meant so."""
    found: Mapping[str, Any] = read_json(out / "manifest.json").get("data_card") or {}
    return tuple(f"data ({found['of']}): {text}" for text in found.get("findings", ())[: found.get("breaks", 0)])


class _Counted:
    """The rows of a data set, counted and timed, up to a limit."""

    def __init__(self, rows: Iterator[Located], limit: int | None, progress: Callable[[int], None] = lambda rows: None):
        self._rows, self._limit, self._progress = rows, limit, progress
        self._started = time.perf_counter()
        self.count = 0
        self.exhausted = False

    def __iter__(self) -> Iterator[Located]:
        for pair in itertools.islice(self._rows, self._limit):
            yield pair
            self.count += 1
            self._progress(self.count)
        self.exhausted = next(self._rows, None) is None

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self._started


def _described(
    opened: OpenedData, rows: _Counted, gather: Gather, config: DataConfig, suite: Suite | None, data_root: Path | None
) -> Card:
    """Stream the rows through everything that looks at each of them."""
    checker = Checker(suite.name, *suite_items(suite, data_root)) if suite else None
    dirty = 0
    for located, bad in _filtered(checker, rows):
        dirty += bad
        _add(gather, *located, opened, config)
    overlap: Contamination | None = checker.result(rows.count, dirty) if checker else None
    tally = gather.tally
    return Card(
        source="",
        kind=opened.kind,
        trainer=opened.trainer,
        rows=gather.rows,
        unreadable=tally.count("unreadable") + tally.count("malformed"),
        complete=True,
        sampled=len(gather.sample.held),
        columns=dict(gather.columns),
        structure=gather.turns.result(),
        characters=quantiles(gather.characters),
        duplicates=gather.duplicates(),
        contamination=overlap,
        preference=gather.pairs.preference(),
        marks=gather.pairs.marks(),
    )


def _filtered(checker: Checker | None, rows: _Counted) -> Iterator[tuple[Located, bool]]:
    if checker is None:
        return ((pair, False) for pair in rows)
    # The checker reads the texts of the row and of the place that stands beside it, which is none of a prompt.
    return checker.sift((where, (where, row)) for where, row in rows)


def _add(gather: Gather, where: str, row: Row, opened: OpenedData, config: DataConfig) -> None:
    try:
        entry: Entry = entry_of(where, row, opened.kind, opened.trainer, config)
    except DataError as error:
        gather.tally.note("malformed", where, snippet(str(error), 160))
        return
    gather.add(entry)


def _sampled(card: Card, gather: Gather, reward: Reward | None) -> None:
    """What only a sample is asked."""
    entries = gather.sample.held
    if not entries:
        return
    card.languages = languages(entries)
    card.diversity = diversity([text_of(entry.answer) or entry.prompt_text for entry in entries])
    if reward is not None:
        card.judged = judge(entries, reward, gather.tally)


def _usual_limit(trainer: str) -> int | None:
    """Where TRL cuts rows off unless told otherwise; None where it does not."""
    found = {field.name: field.default for field in trl_args.fields(trainer)} if trainer else {}
    return None if trainer and find_trainer(trainer).writes_while_training else found.get("max_length")


def _where(error: DataError) -> str:
    """The row an error names: ours begin with it."""
    return str(error).partition(": ")[0].partition(" is not ")[0]
