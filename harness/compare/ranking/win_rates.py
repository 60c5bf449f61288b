"""Win rates against one baseline, from pairwise votes: as judged, and as they would be at equal length."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import special

from holdfast.compare.ranking.votes import Vote
from holdfast.errors import DataError
from holdfast.records import read_records
from holdfast.stats.length_control import length_controlled
from holdfast.stats.paired import Array


@dataclass(frozen=True, slots=True)
class WinRate:
    """The win rate of one model against the baseline, from 0 to 1; a tie is a half."""

    rate: float
    low: float
    high: float
    equal_length: float | None = None
    """At equal length (AlpacaEval's length control); None where lengths are not known or cannot be told apart."""
    equal_length_low: float | None = None
    equal_length_high: float | None = None


def win_rates(
    votes: Sequence[Vote], difficulties: "Difficulties | None" = None, confidence: float = 0.95
) -> dict[str, WinRate]:
    """Each model's rate against the baseline that all votes are against; empty where there is no such baseline.

    Raises DataError for a vote whose difficulty is not in the file.
    """
    baselines = {vote.baseline for vote in votes}
    if len(baselines) != 1 or "" in baselines:
        return {}
    (baseline,) = baselines
    models: dict[str, list[Vote]] = {}
    for vote in votes:
        models.setdefault(vote.second if vote.first == baseline else vote.first, []).append(vote)
    return {model: _rate(own, model, difficulties, confidence) for model, own in models.items()}


def _rate(votes: Sequence[Vote], model: str, difficulties: "Difficulties | None", confidence: float) -> WinRate:
    won = np.array([vote.won if vote.first == model else 1.0 - vote.won for vote in votes])
    rate, error = _weighted(won, np.array([vote.weight for vote in votes]), [vote.question for vote in votes])
    reach = float(special.ndtri(0.5 + confidence / 2)) * error
    if any(vote.lengths is None for vote in votes):
        return WinRate(rate, max(0.0, rate - reach), min(1.0, rate + reach))
    lengths = [vote.lengths if vote.first == model else (vote.lengths or (0, 0))[::-1] for vote in votes]
    own, other = ([int(pair[side]) for pair in lengths if pair] for side in (0, 1))
    hard = None if difficulties is None else [difficulties.of(vote) for vote in votes]
    found = length_controlled(won.tolist(), own, other, hard)
    bounds = (None, None, None) if found is None else (found.win_rate, found.low, found.high)
    return WinRate(rate, max(0.0, rate - reach), min(1.0, rate + reach), *bounds)


def _weighted(won: Array, weight: Array, questions: Sequence[str]) -> tuple[float, float]:
    """The weighted mean and its error, a question's votes going together."""
    rate = float(won @ weight / weight.sum())
    _, codes = np.unique(questions, return_inverse=True)
    residuals = np.bincount(codes, weights=weight * (won - rate))
    groups = max(2, residuals.size)
    return rate, float(np.sqrt(residuals @ residuals * groups / (groups - 1)) / weight.sum())


_INDEX = ("index", "", "Unnamed: 0")


@dataclass(frozen=True, slots=True)
class Difficulties:
    """How hard each instruction is, from AlpacaEval's df_gamed.csv or instruction_difficulty.csv."""

    path: Path
    by_row: Mapping[int, float]
    by_text: Mapping[str, float]

    @classmethod
    def read(cls, path: Path) -> "Difficulties":
        """A table with `instruction_difficulty` and `index` (a row's place in the evaluation set; pandas writes
        that column without a name) or `instruction`."""
        by_row: dict[int, float] = {}
        by_text: dict[str, float] = {}
        for where, record in read_records(path):
            try:
                value = float(record["instruction_difficulty"])
                if "instruction" in record:
                    by_text[str(record["instruction"])] = value
                else:
                    by_row[int(next(record[name] for name in _INDEX if name in record))] = value
            except (KeyError, TypeError, ValueError, StopIteration):
                raise DataError(
                    f"{where}: needs instruction_difficulty and index or instruction, it has {', '.join(record)}"
                ) from None
        return cls(path, by_row, by_text)

    def of(self, vote: Vote) -> float:
        """The difficulty of a vote's question. Raises DataError where the file does not hold it."""
        value = self.by_text.get(vote.question, self.by_row.get(vote.number))
        if value is None:
            raise DataError(f"{self.path} holds no difficulty of row {vote.number} ({vote.question!r:.60})")
        return value
