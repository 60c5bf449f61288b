"""Suites drawn at random, item by item, and judged by the very functions of a comparison: for simulations."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from unittest.mock import patch

import numpy as np

from holdfast.compare import Decision, Policy, Verdict
from holdfast.compare.judging import effect
from holdfast.compare.judging.decision import MeanRules, decide, omnibus
from holdfast.compare.judging.verdict import Entry, Judged, Rules, in_mean, judge
from holdfast.compare.reading.columns import Items, Table
from holdfast.compare.reading.pairing import Pairs
from holdfast.compare.reading.row_source import RowSource
from holdfast.compare.result import Omnibus
from holdfast.runs.measurement import TaskResult
from holdfast.stats.graded import Graded
from holdfast.stats.means import sign_flip_p

Rng = np.random.Generator
_NOWHERE = RowSource(lambda: iter(()))


@dataclass(frozen=True)
class Drawn:
    """Scores of the same items before and after; `answers` per item in both runs, `clusters` labels of the items."""

    x: np.ndarray
    y: np.ndarray
    answers: tuple[int, int] = (1, 1)
    clusters: np.ndarray | None = None


Draw = Callable[[Rng], Drawn]


def binary(n: int, flips: float = 0.1, effect: float = 0.0, right: float = 0.6) -> Draw:
    """0/1 scores of which a share `flips` changes; `effect` is the true change."""
    return partial(_binary, n, flips, effect, right)


def _binary(n: int, flips: float, effect: float, right: float, rng: Rng) -> Drawn:
    lost, gained = (flips - effect) / 2, (flips + effect) / 2
    x = (rng.random(n) < right).astype(float)
    chance = np.where(x > 0, lost / right, gained / (1 - right))
    return Drawn(x, np.where(rng.random(n) < chance, 1 - x, x))


def repeats(
    n: int, before: int, after: int, effect: float = 0.0, shape: tuple[float, float] = (3, 1), moved: float = 0.0
) -> Draw:
    """A sampled model: `abilities` answered `before` and `after` times."""
    return partial(_repeats, n, before, after, effect, shape, moved)


def abilities(
    n: int, effect: float, shape: tuple[float, float], moved: float, rng: Rng
) -> tuple[np.ndarray, np.ndarray]:
    """The items' chances before and after: a share `moved` is drawn anew, `effect` is the change of the mean."""
    first = rng.beta(*shape, n)
    later = np.where(rng.random(n) < moved, rng.beta(*shape, n), first)
    return first, later * (1 + effect * sum(shape) / shape[0])


def _repeats(
    n: int, before: int, after: int, effect: float, shape: tuple[float, float], moved: float, rng: Rng
) -> Drawn:
    ability, later = abilities(n, effect, shape, moved, rng)
    return Drawn(rng.binomial(before, ability) / before, rng.binomial(after, later) / after, (before, after))


def graded(n: int, share: float = 0.2, steps: int = 4) -> Draw:
    """Judgements in steps, of which a share moves up or down."""
    return partial(_graded, n, share, steps)


def _graded(n: int, share: float, steps: int, rng: Rng) -> Drawn:
    x = rng.integers(1, steps, n) / steps
    moved = rng.choice([-1, 0, 1], n, p=[share / 2, 1 - share, share / 2]) / steps
    return Drawn(x, x + moved)


def clustered(sizes: Sequence[int], icc: float = 0.3, effect: float = 0.0) -> Draw:
    """Clusters of these sizes whose items move together by `icc`; `effect` is the true change of every item."""
    return partial(_clustered, tuple(sizes), icc, effect)


def _clustered(sizes: tuple[int, ...], icc: float, effect: float, rng: Rng) -> Drawn:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    step, spread = [-0.5, 0.0, 0.5], [0.15, 0.7, 0.15]
    own, shared = rng.choice(step, labels.size, p=spread), rng.choice(step, len(sizes), p=spread)[labels]
    moved = effect + np.where(rng.random(labels.size) < icc**0.5, shared, own)
    return Drawn(np.full(labels.size, 0.5), 0.5 + moved, (1, 1), labels)


def pairs_of(task: str, drawn: Drawn) -> Pairs:
    """The pairs that a comparison would have made of two files."""
    n = drawn.x.size
    rows = np.arange(n)
    labels = [None] * n if drawn.clusters is None else [f"c{label}" for label in drawn.clusters.tolist()]
    table = Table(task, cluster=labels)
    sides = [Items(table, rows, rows, np.full(n, answers), rows) for answers in drawn.answers]
    return Pairs(task, sides[0], sides[1], (_NOWHERE, _NOWHERE), TaskResult(task), rows, rows, drawn.x, drawn.y, 0, 0.0)


def judged(
    drawn: Sequence[Drawn], rules: Sequence[Rules], *, margin: float = 0.02, runs: int = 1, seed: int = 0
) -> tuple[list[Judged], Omnibus | None, Decision]:
    """Verdicts, the held mean and the decision, as `compare` reaches them."""
    found, worse = verdicts(drawn, rules, runs=runs, seed=seed)
    held = [one for one in found if in_mean(one.rules)]
    macro = omnibus("macro", held, MeanRules(margin, rules[0].alpha), worse)
    return found, macro, decide(found, macro, Policy(), rules[0].alpha)[0]


@contextmanager
def without_bounds() -> Iterator[None]:
    """Intervals play no part in what is proven: they are left out. A tenth of the sign flips (exact at any number)."""
    with ExitStack() as quick:
        for name in ("score_lower", "score_upper"):
            quick.enter_context(patch.object(effect, name, lambda *_: 0.0))
            quick.enter_context(patch.object(Graded, name.removeprefix("score_"), lambda *_: 0.0))
        quick.enter_context(patch.object(effect, "score_interval", lambda *_: (-1.0, 1.0)))
        quick.enter_context(patch.object(effect, "sign_flip_p", partial(sign_flip_p, permutations=999)))
        yield


def alarmed(drawn: Sequence[Drawn], rules: Sequence[Rules], *, runs: int = 1, seed: int = 0) -> bool:
    """Whether a drop is called proven (exit code 1)."""
    with without_bounds():
        found, worse = verdicts(drawn, rules, runs=runs, seed=seed)
    return worse <= rules[0].alpha or any(one.verdict is Verdict.REGRESSED for one in found)


def verdicts(
    drawn: Sequence[Drawn], rules: Sequence[Rules], *, runs: int = 1, seed: int = 0
) -> tuple[list[Judged], float]:
    """Each benchmark judged among the others, and the adjusted p of a drop of the mean."""
    entries: list[Entry] = []
    for number, (one, own) in enumerate(zip(drawn, rules, strict=True)):
        pairs = pairs_of(f"b{number}", one)
        numbers = effect.measure(pairs, alpha=own.alpha, confidence=0.95, allowed=own.allowed_drop, seed=seed)
        entries.append((pairs, numbers, own))
    return judge(entries, None, runs)
