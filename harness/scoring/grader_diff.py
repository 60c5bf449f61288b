"""Recorded completions judged by another project's grader and by ours: where they differ, and why.

The other grader runs in this process as its project ships it; its faults count against it ("raised …"), not against
the model.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from holdfast.errors import DataError, UsageError, unknown
from holdfast.records import pick, read_records
from holdfast.reward import Reward
from holdfast.sample import Sample

Grader = Callable[[Sample, Mapping[str, Any]], float | None]
"""(sample, whole record) → their value; None where they give none."""

_FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)
_BATCH = 256


@dataclass(frozen=True, slots=True)
class Difference:
    """One completion on which the graders do not agree."""

    where: str
    reference: Any
    completion_end: str
    """The last 300 characters."""
    theirs: float | None
    ours: float | None
    their_note: str
    our_reason: str
    extracted: str | None


@dataclass(slots=True)
class GraderDiff:
    """Counts over all rows: passed is a value of at least 0.5."""

    grader: str
    reward: dict[str, Any]
    rows: int = 0
    both_pass: int = 0
    both_fail: int = 0
    only_theirs: int = 0
    only_ours: int = 0
    theirs_without_value: int = 0
    ours_without_value: int = 0
    differences: list[Difference] = field(default_factory=list)

    def add(self, found: Difference) -> None:
        """Count one row; keep it where the two differ."""
        self.rows += 1
        self.theirs_without_value += found.theirs is None
        self.ours_without_value += found.ours is None
        if found.theirs is None or found.ours is None:
            if found.theirs is not None or found.ours is not None:
                self.differences.append(found)
            return
        theirs, ours = found.theirs >= 0.5, found.ours >= 0.5
        self.both_pass += theirs and ours
        self.both_fail += not theirs and not ours
        self.only_theirs += theirs and not ours
        self.only_ours += ours and not theirs
        if theirs != ours:
            self.differences.append(found)

    def to_json(self) -> dict[str, Any]:
        """Everything, the differences too."""
        return asdict(self)

    def __str__(self) -> str:
        lines = [
            f"{self.rows} rows: {self.grader} against {self.reward['name']} (version {self.reward['version']})",
            f"  both pass {self.both_pass}, both fail {self.both_fail}",
            f"  passes only there {self.only_theirs}, only here {self.only_ours}",
            f"  without a value there {self.theirs_without_value}, here {self.ours_without_value}",
        ]
        shown = [
            f"{one.where}: there {_value_text(one.theirs)}{one.their_note}, "
            f"here {_value_text(one.ours)} ({one.our_reason}); "
            f"reference {one.reference!r:.80}, read {one.extracted!r:.80}"
            for one in self.differences[:20]
        ]
        left = len(self.differences) - len(shown)
        return "\n".join([*lines, *shown, *([f"… and {left} more (--json or out=FILE)"] if left else [])])


def diff(source: Path, grader: str, reward: Reward, fields: Mapping[str, str | None]) -> GraderDiff:
    """Judge every row under both. `fields`: completion, reference, prompt, recorded, source (dotted paths), and filter:
    the rows of a samples file of lm-eval that one of its filters made.

    Raises UsageError for an unknown grader or one that is not installed, DataError for a row without a field.
    """
    theirs = _grader(grader, fields)
    result = GraderDiff(grader, reward.describe())
    batch: list[tuple[str, Sample, Mapping[str, Any]]] = []
    for row in _rows(source, fields):
        batch.append(row)
        if len(batch) == _BATCH:
            _judge(batch, theirs, reward, result)
            batch = []
    _judge(batch, theirs, reward, result)
    return result


def _rows(source: Path, fields: Mapping[str, str | None]) -> Iterator[tuple[str, Sample, Mapping[str, Any]]]:
    for where, record in _filtered(source, fields.get("filter")):
        completion = pick(record, str(fields["completion"]), where)
        prompt_field = fields.get("prompt")
        prompt = pick(record, prompt_field, where) if prompt_field else ""
        if not isinstance(completion, str | list):
            raise DataError(f"{where}: a completion must be text or messages, not {type(completion).__name__}")
        yield where, Sample(completion, pick(record, str(fields["reference"]), where), prompt, record), record


def _filtered(source: Path, only: str | None) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The records of one filter of lm-eval, which writes every sample once for each; all records of other files."""
    first: Any = None
    for where, record in read_records(source):
        made_by = record.get("filter") if "resps" in record else None
        first = made_by if first is None else first
        if only is None and made_by != first:
            raise DataError(f"{where}: rows of several filters ({first}, {made_by}); choose one: filter={made_by}")
        if only is None or made_by == only:
            yield where, record


def _judge(
    batch: list[tuple[str, Sample, Mapping[str, Any]]], theirs: Grader, reward: Reward, result: GraderDiff
) -> None:
    scores = reward.score_batch([sample for _, sample, _ in batch])
    for (where, sample, record), score in zip(batch, scores, strict=True):
        note = ""
        try:
            value = theirs(sample, record)
        except _FAULTS as error:
            value, note = None, f" (raised {type(error).__name__}: {str(error)[:120]})"
        end = sample.text[-300:]
        reason = score.reason
        result.add(Difference(where, sample.reference, end, value, score.value, note, reason, score.extracted))


def _grader(name: str, fields: Mapping[str, str | None]) -> Grader:
    """The grader of a name. What `package.module:function` names is a reward of ours or yours."""
    if name in _MADE:
        try:
            return _MADE[name](fields)
        except ImportError as error:
            raise UsageError(f"with={name} needs its package in this environment: {error}") from error
    try:
        other = Reward(name)
    except UsageError as error:
        raise (error if ":" in name else unknown("grader", name, _MADE)) from error
    return lambda sample, record: other.score(sample).value


def _math_verify(_fields: Mapping[str, str | None]) -> Grader:
    """Math-Verify as its README calls it."""
    from math_verify import parse, verify

    return lambda sample, record: float(verify(parse(_bare(sample.reference)), parse(sample.text)))


def _trl(_fields: Mapping[str, str | None]) -> Grader:
    """TRL's accuracy_reward."""
    from trl.rewards import accuracy_reward

    def grade(sample: Sample, _record: Mapping[str, Any]) -> float | None:
        value = accuracy_reward([[{"role": "assistant", "content": sample.text}]], [_bare(sample.reference)])[0]
        return None if value is None else float(value)

    return grade


def _verl(fields: Mapping[str, str | None]) -> Grader:
    """verl's default_compute_score, by the record's `data_source` (or the field source=)."""
    from verl.utils.reward_score import default_compute_score

    path = fields.get("source") or "data_source"

    def grade(sample: Sample, record: Mapping[str, Any]) -> float | None:
        found = default_compute_score(pick(record, path, "row"), sample.text, sample.reference, dict(record))
        return float(found["score"] if isinstance(found, Mapping) else found)

    return grade


def _recorded(fields: Mapping[str, str | None]) -> Grader:
    """The value your own run recorded (lm-eval's `exact_match` in a samples file, a trainer's log)."""
    path = fields.get("recorded")
    if path is None:
        raise UsageError("with=recorded needs recorded=FIELD, the field that holds the value your run gave")

    def grade(_sample: Sample, record: Mapping[str, Any]) -> float | None:
        value = pick(record, path, "row")
        return None if value is None else float(value)

    return grade


def _bare(reference: Any) -> str:
    """A bare answer as these parsers want it: LaTeX needs its dollars to be seen."""
    text = str(reference)
    return f"${text}$" if "\\" in text and "$" not in text and "\\boxed" not in text else text


_MADE: dict[str, Callable[[Mapping[str, str | None]], Grader]] = {
    "math_verify": _math_verify,
    "trl": _trl,
    "verl": _verl,
    "recorded": _recorded,
}


def _value_text(value: float | None) -> str:
    return "no value" if value is None else f"{value:g}"
