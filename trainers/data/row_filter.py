"""Rows worth training on: by length, language, duplicates, contamination and reward. Nothing is lost silently."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from holdfast.benchmarks.suites.suite import load_suite
from holdfast.errors import DataError, UsageError, unknown
from holdfast.files import write_stream
from holdfast.trainers.data.card.faults import Tally
from holdfast.trainers.data.card.findings import BREAKING
from holdfast.trainers.data.card.gather import language
from holdfast.trainers.data.card.judged import part_of, scores_of
from holdfast.trainers.data.card.pairs import Pairs
from holdfast.trainers.data.card.structure import Turns
from holdfast.trainers.data.entry import Entry, text_of
from holdfast.trainers.data.overlap.contamination import Checker
from holdfast.trainers.data.overlap.near_duplicates import Repeats, Signatures
from holdfast.trainers.data.sources import named_row, raw_rows
from holdfast.trainers.data.suite_items import suite_items
from holdfast.trainers.data.training_rows import Located, OpenedData, Row, entry_of, read, reading
from holdfast.trainers.run.rewards import rewards_of
from holdfast.trainers.run.run_dir import amend_manifest
from holdfast.trainers.settings.config import DataConfig, FilterConfig

DUPLICATES = ("keep", "exact", "near")
_CHUNK = 256


@dataclass(frozen=True, slots=True)
class FilterResult:
    """What a filter came to."""

    rows: int
    kept: int
    dropped: dict[str, int]
    """Rows by the first reason that applied."""

    def sentence(self) -> str:
        """The counts in one line."""
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in self.dropped.items())
        return f"{self.kept:,} of {self.rows:,} rows kept" + (f"; dropped: {reasons}" if reasons else "")


def active(filter_config: FilterConfig) -> bool:
    """Whether anything is filtered at all."""
    return filter_config != FilterConfig(
        similarity=filter_config.similarity, min_reward=filter_config.min_reward, tokenizer=filter_config.tokenizer
    )


def kept_rows(rows: Sequence[dict[str, Any]], config: DataConfig, data_root: Path | None) -> list[str]:
    """For each of a training's rows, why it is left out; empty: it is kept."""
    located = [(f"row {number}", row) for number, row in enumerate(rows)]
    opened = reading(located)
    return RowFilter(config, opened, data_root).reasons(located)


def filter_file(
    config: DataConfig, out: Path, trainer: str = "", data_root: Path | None = None, limit: int | None = None
) -> FilterResult:
    """Write the rows of a data set that pass `config.filter` to `out`, the others to `<out>.dropped.jsonl`.

    Rows are written as their source has them. Raises DataError for data that cannot be read at all.
    """
    unreadable: list[str] = []
    opened = read(config, data_root, lambda error: None, trainer)
    if not opened.kind:
        raise DataError(f"{config.path} holds no rows that can be read")

    def source(errors: list[str]) -> Iterator[Located]:
        return islice(raw_rows(config, 0, data_root, lambda error: errors.append(str(error))), limit)

    reasons = RowFilter(config, opened, data_root).reasons(_mapped(source(unreadable), config))
    lines = ({"reason": "unreadable", "error": text} for text in unreadable)
    dropped = (
        {"reason": reason, "where": where, "row": dict(row)}
        for (where, row), reason in zip(source([]), reasons, strict=False)
        if reason
    )
    write_stream(out, (_line(dict(row)) for (_, row), reason in zip(source([]), reasons, strict=False) if not reason))
    write_stream(dropped_file(out), (_line(record) for records in (lines, dropped) for record in records))
    return filter_result(reasons, len(unreadable))


def dropped_file(out: Path) -> Path:
    """Where the rows are that did not pass: `kept.dropped.jsonl` beside `kept.jsonl`."""
    return out.with_name(out.name.removesuffix(".jsonl") + ".dropped.jsonl")


def filter_result(reasons: Sequence[str], unreadable: int = 0) -> FilterResult:
    """The counts of reasons."""
    counts = Counter(reason for reason in reasons if reason) + Counter({"unreadable": unreadable})
    return FilterResult(len(reasons) + unreadable, sum(not reason for reason in reasons), dict(counts.most_common()))


def record(dropped: Sequence[Mapping[str, Any]], out: Path) -> None:
    """Keep the rows that a run's filter left out, and count them in its manifest."""
    if not dropped:
        return
    write_stream(out / "dropped.jsonl", map(_line, dropped))
    amend_manifest(out, dropped_rows=dict(Counter(row["reason"] for row in dropped).most_common()))


class RowFilter:
    """Decides row by row; duplicates last, so that a row that is dropped anyway never stands for others."""

    def __init__(self, config: DataConfig, opened: OpenedData, data_root: Path | None) -> None:
        _check(config.filter)
        self._config, self._settings, self._opened = config, config.filter, opened
        self._turns, self._pairs = Turns(), Pairs()
        self._count = _counter(self._settings)
        self._reward = rewards_of(self._settings.reward)[0] if self._settings.reward is not None else None
        self._checker: Checker | None = None
        if self._settings.suite is not None:
            suite = load_suite(self._settings.suite)
            self._checker = Checker(suite.name, *suite_items(suite, data_root))

    def reasons(self, rows: Iterable[tuple[str, Row | DataError]]) -> list[str]:
        """Why each row is dropped; empty: it is kept."""
        found: list[str] = []
        repeats: set[int] = set()
        texts, signatures = Repeats(), Signatures()
        for entries in _chunks(self._entries(rows)):
            for entry, reason in self._judged(entries):
                reason = reason or self._repeated(entry, len(found), repeats, texts, signatures)
                found.append(reason)
        for number in signatures.leaders(self._settings.similarity):
            found[number] = "near duplicate"
        return found

    def _repeated(self, entry: Entry | None, number: int, seen: set[int], texts: Repeats, near: Signatures) -> str:
        if entry is None or self._settings.duplicates == "keep":
            return ""
        before = len(seen)
        seen.add(texts.add(entry.text))
        if len(seen) == before:
            return "duplicate"
        if self._settings.duplicates == "near":
            near.add(number, entry.text_without_system)
        return ""

    def _entries(self, rows: Iterable[tuple[str, Row | DataError]]) -> Iterator[tuple[Entry | None, str]]:
        if self._checker is None:
            yield from (self._entry(where, row) for where, row in rows)
            return
        located = ((where, (where, row)) for where, row in rows)
        for (where, row), dirty in self._checker.sift(located):
            entry, reason = self._entry(where, row)
            yield entry, reason or ("contamination" if dirty else "")

    def _entry(self, where: str, row: Row | DataError) -> tuple[Entry | None, str]:
        """The row in its trainer's shape, and what is wrong with it alone. Raises DataError unless such rows go."""
        opened = self._opened
        try:
            if isinstance(row, DataError):
                raise row
            entry = entry_of(where, row, opened.kind, opened.trainer, self._config)
        except DataError as error:
            if not self._settings.broken:
                raise DataError(f"{where}: {error}; data.filter.broken=true leaves such rows out") from error
            return None, "malformed"
        return entry, self._fault(entry) or self._length(entry) or self._language(entry)

    def _fault(self, entry: Entry) -> str:
        if not self._settings.broken:
            return ""
        tally = Tally()
        self._turns.add(entry, tally)
        self._pairs.add(entry, tally)
        return next((kind for kind in tally.seen if kind in BREAKING), "")

    def _length(self, entry: Entry) -> str:
        settings, answers = self._settings, entry.answers.values()
        size = len(entry.prompt_text) + max((len(text_of(turns)) for turns in answers), default=0)
        if settings.min_chars is not None and size < settings.min_chars:
            return "too short"
        if settings.max_chars is not None and size > settings.max_chars:
            return "too long"
        if settings.max_tokens is not None and self._count is not None:
            longest = max((self._count(text_of(turns)) for turns in answers), default=0)
            return "too many tokens" if self._count(entry.prompt_text) + longest > settings.max_tokens else ""
        return ""

    def _language(self, entry: Entry) -> str:
        if not self._settings.languages:
            return ""
        found = language(text_of(entry.answer) or entry.prompt_text)
        known = found in self._settings.languages or found.partition("-")[0] in self._settings.languages
        return "" if known else "language"

    def _judged(self, chunk: Sequence[tuple[Entry | None, str]]) -> Iterator[tuple[Entry | None, str]]:
        if self._reward is None:
            yield from chunk
            return
        open_ = [entry for entry, reason in chunk if entry is not None and not reason]
        scores = iter(scores_of(open_, part_of(open_), self._reward))
        for entry, reason in chunk:
            if entry is None or reason:
                yield entry, reason
                continue
            value = next(scores).value
            low = value is not None and value < self._settings.min_reward
            yield entry, "not judged" if value is None else "low reward" if low else ""


def _check(settings: FilterConfig) -> None:
    """Raise UsageError for a setting that would drop everything, or nothing, by mistake."""
    from holdfast.rewards.instructions.language import known

    if settings.duplicates not in DUPLICATES:
        raise unknown("data.filter.duplicates", settings.duplicates, DUPLICATES)
    if not 0 < settings.similarity <= 1:
        raise UsageError(f"data.filter.similarity must be above 0 and at most 1, not {settings.similarity}")
    for code in settings.languages:
        if code not in known() | {"unknown"}:
            raise unknown("language of data.filter.languages", code, known() | {"unknown"})


def _counter(settings: FilterConfig) -> Any:
    if settings.max_tokens is None:
        return None
    if settings.tokenizer is None:
        raise UsageError("a limit of tokens needs a tokenizer: data.filter.tokenizer=… (model=… of `data filter`)")
    from holdfast.trainers.data.card.training_card import card_tokenizer

    return card_tokenizer(settings.tokenizer).count


def _mapped(rows: Iterable[Located], config: DataConfig) -> Iterator[tuple[str, Row | DataError]]:
    for where, record in rows:
        try:
            yield where, named_row(where, record, config)
        except DataError as error:
            yield where, error


def _chunks(entries: Iterator[tuple[Entry | None, str]]) -> Iterator[list[tuple[Entry | None, str]]]:
    while chunk := list(islice(entries, _CHUNK)):
        yield chunk


def _line(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=True, default=str) + "\n"
