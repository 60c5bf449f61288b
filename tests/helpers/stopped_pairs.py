"""Recorded pairs of runs, decided look by look and in full, by the stopping rule and by the comparison itself."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helpers.paths import shared
from helpers.recorded_runs import COMPARISONS, gsm8k
from holdfast.compare.judging import effect
from holdfast.compare.judging.verdict import Rules, judge
from holdfast.compare.reading.pairing import Pairs
from holdfast.compare.result import Verdict as Full
from holdfast.stats.sequential.looks import Rule
from holdfast.stats.sequential.stopping import Stopping, StopVerdict, looks_of_counts

_GSM8K = "gsm8k/example_model_solutions.jsonl"
_MODELS = ("6b_finetuning", "175b_finetuning", "6b_verification", "175b_verification")


@dataclass(frozen=True)
class Pair:
    """One benchmark in two runs: 0/1 scores before and after of the same items, in the order of stopping."""

    name: str
    before: NDArray[np.float64]
    after: NDArray[np.float64]

    @property
    def n(self) -> int:
        """Items."""
        return len(self.before)

    def resampled(self, rng: np.random.Generator) -> "Pair":
        """As many items drawn with replacement."""
        chosen = rng.integers(0, self.n, self.n)
        return Pair(self.name, self.before[chosen], self.after[chosen])


def pairs() -> Iterator[Pair]:
    """GSM8K (four models, each against each), IFEval and MMLU-Pro, both ways. Skips the test where data is missing."""
    sides: list[tuple[str, Any, Any]] = []
    shared(*_GSM8K.split("/"))
    for i, one in enumerate(_MODELS):
        for other in _MODELS[i + 1 :]:
            sides.append((f"gsm8k {one}, {other}", partial(gsm8k, one), partial(gsm8k, other)))
    for recorded in COMPARISONS:
        if recorded.task in ("ifeval", "mmlu_pro"):
            for name in recorded.needs:
                shared(*name.split("/"))
            sides.append((recorded.title, recorded.before[1], recorded.after[1]))
    for name, first, second in sides:
        x, y = ({row.doc_hash: float(row.score) for row in rows()} for rows in (first, second))
        order = sorted(x.keys() & y.keys(), key=lambda key: hashlib.sha256(key.encode()).digest())
        before, after = np.array([x[key] for key in order]), np.array([y[key] for key in order])
        yield Pair(name, before, after)
        yield Pair(f"{name}, reversed", after, before)


def stopped(pair: Pair, margin: float, step: int = 32) -> tuple[StopVerdict, int]:
    """What the stopping rule decides of this one benchmark, and after how many items."""
    rule = Rule((margin,), margin, 0.05)
    state = Stopping(rule)
    d, items = pair.after - pair.before, 0
    while state.running.any():
        items = min(items + step, pair.n)
        seen = d[:items]
        lost, gained = (np.array([float((seen == value).sum())]) for value in (-1, 1))
        rounds = np.array([lost[0], items - lost[0] - gained[0], gained[0]])
        state.look(looks_of_counts(lost, gained, np.array([items]), rounds, rule), np.array([items >= pair.n]))
    return StopVerdict(int(state.verdict[0])), items


def full(pair: Pair, margin: float) -> Full:
    """The comparison's verdict on all items, as `holdfast compare` judges a suite of this one benchmark."""
    none: Any = None
    whole = Pairs("t", none, none, none, none, none, none, pair.before, pair.after, 0, 0.0)
    measured = effect._table(whole, 0.05, 0.95, 0.0)
    return judge([(whole, measured, Rules("held", margin, beyond=margin))])[0][0].verdict


_BAD, _GOOD = {Full.REGRESSED, Full.BEYOND_MARGIN}, {Full.NON_INFERIOR, Full.IMPROVED}


def contradicts(one: StopVerdict, other: Full) -> bool:
    """Whether both decided, and one says worse where the other says held or better."""
    worse = one is StopVerdict.REGRESSED
    better = one in (StopVerdict.HELD, StopVerdict.IMPROVED)
    return bool((worse and other in _GOOD) or (better and other in _BAD))
