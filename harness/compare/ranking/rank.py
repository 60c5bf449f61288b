"""Many models in an order with its uncertainty: from runs on the same items, or from pairwise votes."""

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from holdfast.compare.comparing import compare
from holdfast.compare.judging.policy import Policy
from holdfast.compare.ranking.votes import Vote
from holdfast.compare.ranking.win_rates import Difficulties, WinRate, win_rates
from holdfast.errors import UsageError
from holdfast.importers.scores import Direction
from holdfast.runs.measurement import Measurement
from holdfast.stats.multiple import holm
from holdfast.stats.ranking import Strengths, fit_votes


@dataclass(frozen=True, slots=True)
class Standing:
    """One model's place. Places from `best` to `worst` cannot be told apart from the data."""

    name: str
    score: float
    """Mean of the benchmarks, or strength on Elo's scale."""
    low: float | None
    high: float | None
    best: int
    worst: int
    tied: tuple[str, ...]
    """The models that it is neither proven better nor worse than."""
    games: int | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """Models in order, the first the best."""

    standings: tuple[Standing, ...]
    kind: str
    """`runs` or `votes`."""
    alpha: float
    pairs: Mapping[str, float]
    """`A vs B` → p of a difference, Holm-adjusted over all pairs."""
    style: Mapping[str, float]
    """Coefficients of what was taken out (length)."""
    win_rates: Mapping[str, WinRate] = field(default_factory=dict)
    """Against the one baseline of the votes, where there is one."""

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return {"schema": 1, **asdict(self), "kind": f"ranking of {self.kind}"}


def rank_runs(
    runs: Mapping[str, Measurement],
    *,
    alpha: float = 0.05,
    allow: Collection[str] = (),
    allow_missing: float = 0.0,
    direction: Direction | None = None,
) -> Ranking:
    """Runs on the same items by the mean of their benchmarks; all pairs are tested, Holm over the pairs."""
    names = list(runs)
    if len(names) < 2:
        raise UsageError(f"a ranking takes two runs or more, not {len(names)}")
    raw, means = {}, dict.fromkeys(names, 0.0)
    for one, other in itertools.combinations(names, 2):
        found = compare(
            runs[one],
            runs[other],
            margin=0.01,
            max_flips=0,
            allow=allow,
            allow_missing=allow_missing,
            alpha=alpha,
            policy=Policy(direction=direction),
        )
        assert found.macro is not None
        only = found.benchmarks[0] if len(found.benchmarks) == 1 else found.macro
        raw[one, other] = (found.macro.difference, min(1.0, 2 * min(only.p_regressed, only.p_improved)))
        means[one], means[other] = found.macro.before, found.macro.after
    order = sorted(names, key=lambda name: -means[name])
    gap = {pair: -difference for pair, (difference, _) in raw.items()}
    return _ranking(order, means, gap, {pair: p for pair, (_, p) in raw.items()}, alpha, "runs")


def rank_votes(
    votes: Sequence[Vote],
    *,
    alpha: float = 0.05,
    style: Sequence[str] = (),
    confidence: float = 0.95,
    difficulties: Difficulties | None = None,
) -> Ranking:
    """Models by Bradley–Terry strengths of votes, with intervals, on Elo's scale (mean 1000).

    Against one baseline (AlpacaEval, Arena-Hard) with win rates, also at equal length; `difficulties` adds the third
    term of AlpacaEval's length control. `style=["length"]` takes the answers' lengths out of the strengths:
    (l_a − l_b)/(l_a + l_b), standardised, as Chatbot Arena does.
    Raises UsageError where the votes do not tell lengths, DataError where no finite strengths exist.
    """
    names = sorted({name for vote in votes for name in (vote.first, vote.second)})
    index_of = {name: number for number, name in enumerate(names)}
    strengths, found = fit_votes(
        [index_of[vote.first] for vote in votes],
        [index_of[vote.second] for vote in votes],
        [vote.won for vote in votes],
        weight=[vote.weight for vote in votes],
        style=_features(votes, style),
        clusters=[vote.question for vote in votes],
    )
    elo, (low, high) = strengths.elo(), strengths.intervals(confidence)
    scale = 400 / np.log(10)
    limits = {name: (1000 + low[i] * scale, 1000 + high[i] * scale) for i, name in enumerate(names)}
    gap, p = _gaps(names, strengths)
    order = sorted(names, key=lambda name: -elo[index_of[name]])
    games = {name: sum(name in (vote.first, vote.second) for vote in votes) for name in names}
    scores = {name: float(elo[index_of[name]]) for name in names}
    named = dict(zip(style, found.tolist(), strict=True))
    ranking = _ranking(order, scores, gap, p, alpha, "votes", limits, games, named)
    return replace(ranking, win_rates=win_rates(votes, difficulties, confidence))


Pair = tuple[str, str]


def _gaps(names: Sequence[str], strengths: Strengths) -> tuple[dict[Pair, float], dict[Pair, float]]:
    """How far apart each pair's strengths are, and the p of a difference."""
    gap: dict[Pair, float] = {}
    p: dict[Pair, float] = {}
    covariance = strengths.covariance
    for i, j in itertools.combinations(range(len(names)), 2):
        pair = names[i], names[j]
        gap[pair] = float(strengths.strength[i] - strengths.strength[j])
        variance = float(covariance[i, i] + covariance[j, j] - 2 * covariance[i, j])
        p[pair] = float(2 * special.ndtr(-abs(gap[pair]) / max(variance, 1e-300) ** 0.5))
    return gap, p


def _features(votes: Sequence[Vote], style: Sequence[str]) -> ArrayLike | None:
    for name in style:
        if name != "length":
            raise UsageError(f"style= cannot be {name!r}: length")
    if not style:
        return None
    if any(vote.lengths is None for vote in votes):
        raise UsageError("style=[length] needs both answers' texts or lengths in every vote")
    lengths = np.array([vote.lengths for vote in votes], dtype=float)
    share = (lengths[:, 0] - lengths[:, 1]) / np.maximum(lengths.sum(axis=1), 1.0)
    spread = float(share.std())
    return np.asarray((share / spread if spread else share)[:, None])


def _ranking(
    order: Sequence[str],
    scores: Mapping[str, float],
    gap: Mapping[Pair, float],
    raw: Mapping[Pair, float],
    alpha: float,
    kind: str,
    limits: Mapping[str, tuple[float, float]] | None = None,
    games: Mapping[str, int] | None = None,
    style: Mapping[str, float] | None = None,
) -> Ranking:
    adjusted = dict(zip(raw, holm(list(raw.values())).tolist(), strict=True))
    proven = {pair for pair, p in adjusted.items() if p <= alpha}
    better = {(a, b) if gap[a, b] > 0 else (b, a) for a, b in proven}
    standings = []
    for name in order:
        above = sum(loser == name for _, loser in better)
        below = sum(winner == name for winner, _ in better)
        tied = tuple(o for o in order if o != name and (name, o) not in better and (o, name) not in better)
        low, high = limits[name] if limits else (None, None)
        count = games[name] if games else None
        standings.append(Standing(name, scores[name], low, high, 1 + above, len(order) - below, tied, count))
    pairs = {f"{a} vs {b}": p for (a, b), p in adjusted.items()}
    return Ranking(tuple(standings), kind, alpha, pairs, dict(style or {}))
