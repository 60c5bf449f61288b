"""Preference pairs and marked answers: do the two answers differ, and is the better one only the longer one?"""

from array import array
from dataclasses import dataclass
from typing import Any

import numpy as np

from holdfast.trainers.data.card.faults import Tally
from holdfast.trainers.data.card.quantiles import Quantiles
from holdfast.trainers.data.entry import Entry, snippet, text_of
from holdfast.trainers.data.formats.row_formats import label_of


@dataclass(frozen=True, slots=True)
class Preference:
    """What a set of pairs prefers."""

    pairs: int
    equal: int
    """Pairs whose answers are the same text: they teach nothing."""
    longer: float
    """Share of the other pairs whose chosen answer is the longer one; 0.5 without a bias."""
    same_length: float
    chosen: Quantiles
    rejected: Quantiles
    longer_interval: tuple[float, float]
    """95 % interval of `longer` (Wilson)."""


@dataclass(frozen=True, slots=True)
class Marks:
    """Counts of marked answers (KTO)."""

    good: int
    bad: int


class Pairs:
    """Counts pairs and marks."""

    def __init__(self) -> None:
        self._chosen, self._rejected = array("q"), array("q")
        self._equal = 0
        self._marks = [0, 0]

    def add(self, entry: Entry, tally: Tally) -> None:
        """One row; its faults are noted."""
        if "label" in entry.row and entry.kind.startswith("marked"):
            self._mark(entry.row["label"])
        if "chosen" not in entry.answers or "rejected" not in entry.answers:
            return
        chosen, rejected = (text_of(entry.answers[name]).strip() for name in ("chosen", "rejected"))
        self._chosen.append(len(chosen))
        self._rejected.append(len(rejected))
        if chosen == rejected:
            self._equal += 1
            tally.note("equal pairs", entry.where, snippet(chosen))

    def _mark(self, label: Any) -> None:
        self._marks[label_of(label)] += 1

    def preference(self) -> Preference | None:
        """What was counted; None without pairs."""
        chosen, rejected = Quantiles.of(self._chosen), Quantiles.of(self._rejected)
        if chosen is None or rejected is None:
            return None
        ahead = np.frombuffer(self._chosen, np.int64) - np.frombuffer(self._rejected, np.int64)
        count = len(ahead) - self._equal
        longer, same = int((ahead > 0).sum()), int((ahead == 0).sum()) - self._equal
        of = max(count, 1)
        interval = _wilson(longer, count)
        return Preference(len(ahead), self._equal, longer / of, same / of, chosen, rejected, interval)

    def marks(self) -> Marks | None:
        """How many answers are marked good and bad; None without marks."""
        return Marks(self._marks[1], self._marks[0]) if any(self._marks) else None


def _wilson(hits: int, count: int) -> tuple[float, float]:
    if not count:
        return 0.0, 1.0
    from scipy.stats import binomtest

    found = binomtest(hits, count).proportion_ci(method="wilson")
    return float(found.low), float(found.high)
