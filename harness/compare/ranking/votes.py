"""Pairwise judgements of two models' answers, as the field's judges write them: Chatbot Arena's votes, Arena-Hard,
AlpacaEval, MT-Bench's pairs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from holdfast.errors import DataError, unknown
from holdfast.records import read_records

Record = Mapping[str, Any]
_A, _B = {"A>>B": 3.0, "A>B": 1.0, "B<A": 1.0, "B<<A": 3.0}, {"B>>A": 3.0, "B>A": 1.0, "A<B": 1.0, "A<<B": 3.0}
_ARENA_HARD = {
    **{verdict: (1.0, weight) for verdict, weight in _A.items()},
    **{verdict: (0.0, weight) for verdict, weight in _B.items()},
    **dict.fromkeys(("A=B", "B=A"), (0.5, 1.0)),
}
"""Verdict → (share of the win that A has, weight); a clear win counts as three (arena-hard-auto, show_result.py)."""
_WINS = {"model_a": 1.0, "a": 1.0, "model_1": 1.0, "model_b": 0.0, "b": 0.0, "model_2": 0.0}
_CATEGORIES = ("category", "dataset", "subcategory")
_TIES = ("tie", "tie (bothbad)", "both_bad", "bothbad")


@dataclass(frozen=True, slots=True)
class Vote:
    """One judgement of a question: `won` is 1 where `first` is better, 0 where `second` is, ½ for a tie."""

    question: str
    first: str
    second: str
    won: float
    weight: float = 1.0
    lengths: tuple[float, float] | None = None
    """Characters (or tokens) of both answers, where they are known."""
    baseline: str = ""
    """The model that all others are judged against, where the file has one."""
    category: str = ""
    number: int = 0
    """The row's place in its file."""


def read_votes(path: Path, baseline: str = "", category: str = "") -> list[Vote]:
    """The votes of a file (JSONL, JSON, CSV, parquet). `baseline`: Arena-Hard's other model, where the file does not
    name it; `category`: only its votes. Raises DataError for a file of another kind, UsageError for an unknown
    category."""
    votes: list[Vote] = []
    read = None
    for number, (where, record) in enumerate(read_records(path)):
        read = read or _reader(record, path)
        kind = next((str(record[name]) for name in _CATEGORIES if record.get(name) is not None), "")
        votes += [replace(vote, number=number, category=kind) for vote in read(record, where, baseline)]
    if not votes:
        raise DataError(f"{path} holds no judgement that can be read")
    if category and category not in (names := {vote.category for vote in votes}):
        raise unknown("category", category, sorted(names - {""}))
    return [vote for vote in votes if category in ("", vote.category)]


def is_votes(record: Record) -> bool:
    """Whether a row is a pairwise judgement."""
    return any(set(record) >= needed for needed, _ in _KINDS)


def _reader(record: Record, path: Path) -> Any:
    for needed, read in _KINDS:
        if set(record) >= needed:
            return read
    known = "; ".join(", ".join(sorted(needed)) for needed, _ in _KINDS)
    raise DataError(f"{path} holds no pairwise judgements; a row must have one of: {known}")


def _arena(record: Record, where: str, _baseline: str) -> Iterator[Vote]:
    winner = str(record["winner"]).strip().lower()
    if winner not in _WINS and winner not in _TIES:
        raise DataError(f"{where}: winner must be model_a, model_b or tie, not {winner!r:.40}")
    won = _WINS.get(winner, 0.5)
    question = str(record.get("question_id") or record.get("question") or record.get("conversation_id") or where)
    yield Vote(question, str(record["model_a"]), str(record["model_b"]), won, 1.0, _lengths(record, "a", "b"))


def _alpaca(record: Record, where: str, _baseline: str) -> Iterator[Vote]:
    preference = record["preference"]
    if preference is None:  # the judge's answer could not be read
        return
    if not isinstance(preference, int | float) or not 1 <= preference <= 2:
        raise DataError(f"{where}: preference must lie between 1 and 2, not {preference!r:.40}")
    question = str(record.get("instruction") or where)
    first, second = str(record["generator_1"]), str(record["generator_2"])
    yield Vote(question, first, second, 2.0 - float(preference), 1.0, _lengths(record, "1", "2"), first)


def _arena_hard(record: Record, where: str, baseline: str) -> Iterator[Vote]:
    """Two games: in the first A is the baseline, in the second the model. Without both verdicts neither counts."""
    other, model = str(record.get("baseline") or baseline or "baseline"), str(record["model"])
    found = [str((game or {}).get("score", "")).replace("[[", "").replace("]]", "") for game in record["games"] or ()]
    verdicts = [_ARENA_HARD.get(verdict.strip()) for verdict in found]
    question = str(record.get("question_id") or record.get("uid") or where)
    for number, verdict in enumerate(verdicts if None not in verdicts else ()):
        assert verdict is not None
        first, second = (other, model) if number == 0 else (model, other)
        yield Vote(question, first, second, verdict[0], verdict[1], None, other)


def _mt_bench(record: Record, where: str, _baseline: str) -> Iterator[Vote]:
    """A win that both orders agree on counts; where they do not, it is a tie (FastChat, show_result.py)."""
    verdicts = [str(record[name]) for name in ("g1_winner", "g2_winner")]
    if "error" in verdicts:
        return
    won = _WINS.get(verdicts[0], 0.5) if verdicts[0] == verdicts[1] else 0.5
    question = f"{record.get('question_id', where)}-{record.get('turn', 1)}"
    yield Vote(question, str(record["model_1"]), str(record["model_2"]), won)


def _lengths(record: Record, one: str, other: str) -> tuple[float, float] | None:
    """Lengths as a column gives them, else of the answers' texts."""
    found = []
    for side in (one, other):
        texts = (record.get(name) for name in (f"output_{side}", f"response_{side}", f"answer_{side}"))
        text = next((value for value in texts if isinstance(value, str)), None)
        given = record.get(f"len_{side}", record.get(f"length_{side}", record.get(f"sum_assistant_{side}_tokens")))
        if isinstance(given, str) and given.replace(".", "", 1).isdigit():
            given = float(given)
        found.append(float(given) if isinstance(given, int | float) else None if text is None else float(len(text)))
    return (found[0], found[1]) if found[0] is not None and found[1] is not None else None


_KINDS: tuple[tuple[frozenset[str], Any], ...] = (
    (frozenset({"model_a", "model_b", "winner"}), _arena),
    (frozenset({"generator_1", "generator_2", "preference"}), _alpaca),
    (frozenset({"model", "games"}), _arena_hard),
    (frozenset({"model_1", "model_2", "g1_winner", "g2_winner"}), _mt_bench),
)
