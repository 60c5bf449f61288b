"""Score recorded outputs: records of any shape in, sample rows out, in constant memory."""

import collections
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from holdfast.errors import DataError
from holdfast.files import digest
from holdfast.records import Record, pick, read_records
from holdfast.reward import Reward
from holdfast.runs.aggregates import Seen
from holdfast.runs.row import Row, append
from holdfast.sample import Sample, Score, Text

_BATCH = 512
Scorer = Callable[[Iterable[Sequence[Sample]]], Iterator[list[Score]]]


@dataclass(frozen=True, slots=True)
class Fields:
    """Where a record holds what (dotted paths, see `records.pick`); None: not there."""

    completion: str = "completion"
    """A text, a conversation, or a list of texts (repeats of one item)."""
    reference: str | None = "reference"
    prompt: str | None = "prompt"
    id: str | None = "id"
    category: str | None = None
    cluster: str | None = None
    repeat: str | None = None
    finish_reason: str | None = None


@dataclass(slots=True)
class Tally:
    """Running counts of a scoring: enough for the summary, whatever the number of rows."""

    rows: int = 0
    judged: int = 0
    total: float = 0.0
    squares: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    """Why rows could not be judged."""
    graded: bool = False
    """Whether a score was neither 0 nor 1."""
    repeated: bool = False
    """Whether an item came several times, so that the rows are not independent."""

    def add(self, row: Row) -> None:
        """Count one row."""
        self.rows += 1
        self.outcomes[row.outcome] += 1
        if row.score is None:
            self.reasons[row.reason[:120]] += 1
            return
        self.judged += 1
        self.graded |= row.score not in (0, 1)
        self.repeated |= row.repeat > 0
        self.total += row.score
        self.squares += row.score * row.score

    @property
    def mean(self) -> float | None:
        """Mean score of the judged rows."""
        return self.total / self.judged if self.judged else None

    @property
    def stderr(self) -> float | None:
        """Standard error of the mean over rows, taken as independent."""
        if self.mean is None or self.judged < 2:
            return None
        variance = max(0.0, self.squares - self.judged * self.mean**2) / (self.judged - 1)
        return float((variance / self.judged) ** 0.5)

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % interval of the mean over all items of the kind: Wilson's for 0 and 1, else mean ± t·se. None where the
        rows cannot tell one: repeats, one row, the same graded score everywhere."""
        from scipy.stats import binomtest

        from holdfast.stats.means import Estimate

        if self.repeated or not self.judged:
            return None
        if not self.graded:
            found = binomtest(round(self.total), self.judged).proportion_ci(method="wilson")
            return float(found.low), float(found.high)
        return Estimate(self.mean or 0.0, self.stderr, self.judged - 1).interval() if self.stderr else None


def score_file(
    source: Path,
    reward: Reward,
    fields: Fields,
    sink: TextIO,
    *,
    task: str,
    join: "Join | None" = None,
    scorer: "Scorer | None" = None,
    on_batch: Callable[[int], None] = lambda rows: None,
) -> Tally:
    """Score every record of `source` and write a row each to `sink`; `on_batch(rows so far)` reports progress.

    `scorer` scores the batches elsewhere (a cluster), in order; it may read some batches ahead.
    Raises DataError naming file and line for a record that lacks a field or repeats an id.
    """
    tally = Tally()
    ahead: collections.deque[list[Row]] = collections.deque()
    samples = _kept(_batches(_items(source, fields, task, join, reward.needs_reference)), ahead)
    for scores in scorer(samples) if scorer else map(reward.score_batch, samples):
        for row, score in zip(ahead.popleft(), scores, strict=True):
            judged = row.with_score(score)
            append(sink, judged)
            tally.add(judged)
        on_batch(tally.rows)
    return tally


def _kept(batches: Iterator[list[tuple[Row, Sample]]], ahead: "collections.deque[list[Row]]") -> Iterator[list[Sample]]:
    """The samples of the batches; the rows they belong to wait in `ahead`."""
    for batch in batches:
        ahead.append([row for row, _ in batch])
        yield [sample for _, sample in batch]


@dataclass(frozen=True, slots=True)
class Join:
    """References that lie in another file, found by a shared value (an id or the prompt)."""

    here: str
    """Field of the scored file."""
    references: Mapping[str, Any]
    """Reference by the digest of the shared value."""
    source: Path

    @classmethod
    def read(cls, source: Path, here: str, there: str, reference: str) -> "Join":
        """Read the references of a file. Raises DataError when the shared value is not unique there."""
        found: dict[str, Any] = {}
        for where, record in read_records(source):
            key = digest(pick(record, there, where))
            value = pick(record, reference, where)
            if key in found and found[key] != value:
                raise DataError(f"{where}: {there} {pick(record, there, where)!r:.60} has two references")
            found[key] = value
        return cls(here, found, source)

    def find(self, record: Record, where: str) -> Any:
        """The reference of a record. Raises DataError when the other file has none."""
        value = pick(record, self.here, where)
        try:
            return self.references[digest(value)]
        except KeyError:
            raise DataError(f"{where}: no reference in {self.source} for {self.here} {value!r:.60}") from None


def _items(
    source: Path, fields: Fields, task: str, join: Join | None, needs_reference: bool
) -> Iterator[list[tuple[Row, Sample]]]:
    """The rows and samples of each record: one, or one for every repeat it holds."""
    seen = Seen()
    for index, (where, record) in enumerate(read_records(source)):
        doc_id, prompt = _identity(record, fields, index, where)
        reference = join.find(record, where) if join else _reference(record, fields, where, needs_reference)
        items = []
        for repeat, completion in _completions(record, fields, where):
            row = _row(task, doc_id, repeat, prompt, completion, reference, _extras(record, fields, where))
            if not seen.add(f"{repeat} {doc_id}"):
                raise DataError(f"{where}: id {doc_id!r} is there twice (name its repeat field: repeat=…)")
            items.append((row, Sample(completion, reference, prompt, record)))
        yield items


def _batches(items: Iterator[list[tuple[Row, Sample]]]) -> Iterator[list[tuple[Row, Sample]]]:
    """Batches that never split the repeats of one record."""
    batch: list[tuple[Row, Sample]] = []
    for group in itertools.chain(items, [None]):
        if batch and (group is None or len(batch) + len(group) > _BATCH):
            yield batch
            batch = []
        batch += group or []


def _identity(record: Record, fields: Fields, index: int, where: str) -> tuple[str, Text]:
    """(id, prompt): the row's number stands for an id, and nothing for a prompt, where the default names are
    missing; a name that was written out must be there."""
    named_id = fields.id is not None and (fields.id != "id" or "id" in record)
    named_prompt = fields.prompt is not None and (fields.prompt != "prompt" or "prompt" in record)
    doc_id = str(pick(record, str(fields.id), where)) if named_id else str(index)
    return doc_id, _text(pick(record, str(fields.prompt), where), "prompt", where) if named_prompt else ""


def _reference(record: Record, fields: Fields, where: str, needed: bool) -> Any:
    if fields.reference is None or (not needed and fields.reference == "reference" and "reference" not in record):
        return None
    return pick(record, fields.reference, where)


def _completions(record: Record, fields: Fields, where: str) -> list[tuple[int, Text]]:
    value = pick(record, fields.completion, where)
    first = int(pick(record, fields.repeat, where)) if fields.repeat else 0
    several = isinstance(value, list) and bool(value) and all(isinstance(text, str) for text in value)
    texts: Sequence[Any] = value if several else [value]
    return [(first + offset, _text(text, "completion", where)) for offset, text in enumerate(texts)]


def _text(value: Any, what: str, where: str) -> Text:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(message, Mapping) for message in value):
        return value
    raise DataError(f"{where}: a {what} must be text or messages, not {type(value).__name__}: {value!r:.60}")


def _extras(record: Record, fields: Fields, where: str) -> dict[str, Any]:
    names = ("category", "cluster", "finish_reason")
    found = {name: pick(record, path, where) for name in names if (path := getattr(fields, name)) is not None}
    return {name: None if value is None else str(value) for name, value in found.items()}


def _row(
    task: str,
    doc_id: str,
    repeat: int,
    prompt: Text,
    completion: Text,
    reference: Any,
    extras: Mapping[str, Any],
) -> Row:
    unjudged = Score.error("not scored yet")
    return Row(
        task=task,
        doc_id=doc_id,
        doc_hash=digest([prompt or doc_id, reference]),
        prompt_hash=digest(prompt),
        prompt=prompt,
        completion=completion,
        reference=reference,
        score=unjudged.value,
        outcome=unjudged.outcome,
        repeat=repeat,
        **extras,
    )
