"""A measurement that stops when it is decided: looks over all benchmarks in turn, each giving tokens to the undecided.

The order of a benchmark's items is that of their hashes, fixed before anything is seen. After each look the paired
differences to the measurement before go into the e-processes of `holdfast.stats.sequential.looks`; what was decided,
when and on what evidence is written to `stopping.json` beside the rows. Called again, it goes the same way, and nothing
is generated twice.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from holdfast.benchmarks.engine.items import Item
from holdfast.benchmarks.engine.parallel.ranks import Ranks
from holdfast.benchmarks.engine.work import Work
from holdfast.errors import DataError, UsageError
from holdfast.logs import notice
from holdfast.runs.measurement import Measurement, TaskResult, sample_path
from holdfast.runs.row import Row, read_rows
from holdfast.runs.stopped import Stopped, StoppedMean, StoppedTask, write_stopped
from holdfast.stats.paired import Array
from holdfast.stats.sequential.looks import Looks, Rule, bet, interval, log_e
from holdfast.stats.sequential.stopping import Stopping, StopVerdict, may_stop, worthwhile

Measure = Callable[[Work], TaskResult]


@dataclass(frozen=True, kw_only=True)
class Until:
    """What a measurement is to decide."""

    before: Measurement
    """The measurement that this one is compared with; whole."""
    margin: float
    """Loss of a held benchmark, and of their mean, that HELD rules out; a share: 0.05 for five points."""
    target: tuple[str, ...] = ()
    """Benchmarks that are measured whole: what one trains for."""
    alpha: float = 0.05
    """Family-wise error over held benchmarks, looks and the mean."""
    step: int = 32
    """Items of each benchmark between two looks."""
    small: Mapping[str, int] = field(default_factory=dict)
    """Held benchmarks that are measured whole, with their items; found by `measure_until`."""


@dataclass
class _Bench:
    """One held benchmark on its way."""

    work: Work
    before: Mapping[str, float]
    """Mean score of every judged item, by doc_hash."""
    order: Sequence[str]
    """doc_hash of its items, as they are measured."""
    measured: int = 0
    differences: dict[str, float] = field(default_factory=dict)
    """By doc_hash, of the items judged in both measurements, in order."""
    result: TaskResult | None = None

    @property
    def exhausted(self) -> bool:
        """Whether no item is left."""
        return self.measured >= len(self.order)

    def part(self, count: int) -> Work:
        """The work on the first `count` items."""
        chosen = set(self.order[:count])
        return replace(self.work, items=[item for item in self.work.items if item.doc_hash in chosen])


def measure_until(works: Sequence[Work], measure: Measure, until: Until, out: Path, ranks: Ranks) -> list[TaskResult]:
    """Measure `works`, the targets whole, the held ones until they are decided; the results in the order of `works`.
    Held ones that are too small beside others (`may_stop`) are measured whole.

    Every process calls this; the first one decides. Raises UsageError for a benchmark that cannot be stopped (judged
    all at once), DataError where the measurement before lacks items or its scores leave [0, 1].
    """
    benches = [_bench(work, until) for work in works if work.name not in until.target]
    held, small = _divided(benches, until, ranks)
    apart = [work for work in works if work.name in until.target or work.name in small]
    whole = {work.name: measure(work) for work in apart}
    if held:
        _look_by_look(held, measure, replace(until, small=small), out, ranks)
    results = {bench.work.name: bench.result for bench in held if bench.result} | whole
    return [results[work.name] for work in works]


def _divided(benches: Sequence[_Bench], until: Until, ranks: Ranks) -> tuple[list[_Bench], dict[str, int]]:
    """The benchmarks that may stop, and the items of those that are too small beside them; said once."""
    sizes = [len(bench.order) for bench in benches]
    stops = may_stop(sizes, until.margin, until.alpha)
    small = {bench.work.name: len(bench.order) for bench, able in zip(benches, stops, strict=True) if not able}
    if small and ranks.first:
        names = ", ".join(f"{name} ({count:,} items)" for name, count in small.items())
        notice(
            f"stop=decided: measured whole and judged apart, as fewer than {worthwhile(until.margin, until.alpha):,} "
            f"items seldom stop at this margin: {names}; the mean that decides early is that of the others"
        )
    return [bench for bench, able in zip(benches, stops, strict=True) if able], small


def item_order(items: Iterable[Item]) -> list[str]:
    """The hashes of the items, once each, in the order in which they are measured: that of a hash of the hash."""
    return sorted({item.doc_hash for item in items}, key=lambda key: hashlib.sha256(key.encode()).digest())


def _bench(work: Work, until: Until) -> _Bench:
    if work.hold:
        raise UsageError(f"stop=decided: {work.name!r} is judged all at once and cannot stop early; make it a target")
    if work.name not in until.before.tasks:
        raise DataError(f"stop=decided: the measurement before does not hold {work.name!r}")
    clusters = [item.cluster for item in work.items if item.cluster is not None and not item.repeat]
    if len(set(clusters)) < len(clusters):
        raise UsageError(f"stop=decided: items of {work.name!r} share clusters and cannot stop early; make it a target")
    before = item_means(until.before.rows(work.name))
    order = item_order(work.items)
    missing = [key for key in order if key not in before]
    if missing:
        lacking = f"{len(missing)} of {len(order)} items"
        raise DataError(f"stop=decided: the measurement before lacks {lacking} of {work.name!r}")
    judged = {key: value for key, value in before.items() if value is not None}
    if any(not 0 <= value <= 1 for value in judged.values()):
        raise DataError(f"stop=decided: scores of {work.name!r} leave [0, 1]; make it a target")
    return _Bench(work, judged, order)


def item_means(rows: Iterable[Row]) -> dict[str, float | None]:
    """The mean score of each item over its repeats, by doc_hash; None where none could be judged."""
    scores: dict[str, list[float]] = {}
    for row in rows:
        scores.setdefault(row.doc_hash, []).extend([] if row.score is None else [row.score])
    return {key: sum(values) / len(values) if values else None for key, values in scores.items()}


def _look_by_look(held: Sequence[_Bench], measure: Measure, until: Until, out: Path, ranks: Ranks) -> None:
    parts = len(held) + 1  # of α: the benchmarks that stop and their mean; each other one has another
    alpha = until.alpha * parts / (parts + len(until.target) + len(until.small))
    state = Stopping(Rule((until.margin,) * len(held), until.margin, alpha))
    path: list[dict[str, Any]] = []
    rounds = _Rounds(len(held))
    evidence: Looks | None = None
    while True:
        running: list[bool] = ranks.meet(state.running.tolist())[0]
        if not any(running):
            break
        for bench, goes_on in zip(held, running, strict=True):
            if goes_on:
                bench.measured = min(bench.measured + until.step, len(bench.order))
                bench.result = measure(bench.part(bench.measured))
                _pair(bench, out, ranks.first)
        if ranks.first:
            if bool(state.together):
                rounds.extend(held)
            evidence = _evidence(held, rounds, until, evidence, running)
            state.look(evidence, np.array([bench.exhausted for bench in held]))
            path.append(_look(held, evidence, state))
            write_stopped(out, _record(held, state, rounds, until, path))


class _Rounds:
    """The benchmarks' items side by side: the difference of round r is the mean over the benchmarks' r-th items."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.sums: list[float] = []

    def extend(self, held: Sequence[_Bench]) -> None:
        """Add the rounds that every benchmark has a judged item for by now."""
        columns = [list(bench.differences.values()) for bench in held]
        ready = min(len(column) for column in columns)
        for r in range(len(self.sums), ready):
            self.sums.append(sum(column[r] for column in columns) / self.count)


def _pair(bench: _Bench, out: Path, first: bool) -> None:
    """The differences of the items measured so far, in their order. Raises DataError for a score outside [0, 1]."""
    if not first:
        return
    after = item_means(read_rows(sample_path(out, bench.work.name)))
    for key in bench.order[: bench.measured]:
        value = after.get(key)
        if value is None or key not in bench.before or key in bench.differences:
            continue
        if not 0 <= value <= 1:
            raise DataError(f"stop=decided: scores of {bench.work.name!r} leave [0, 1]; make it a target")
        bench.differences[key] = value - bench.before[key]


def _evidence(
    held: Sequence[_Bench], rounds: _Rounds, until: Until, last: Looks | None, running: Sequence[bool]
) -> Looks:
    """The evidence now; of a benchmark that was not measured in this look, as it was."""

    def each(bound: float, side: Any, name: str) -> Array:
        found = [float(log_e(bet(list(b.differences.values()), bound, side).sum(axis=0))) for b in held]
        before = found if last is None else getattr(last, name)
        return np.where(running, found, before)

    return Looks(
        drop=each(0.0, "below", "drop"),
        held=each(-until.margin, "above", "held"),
        gain=each(0.0, "above", "gain"),
        mean_drop=log_e(bet(rounds.sums, -until.margin, "below").sum(axis=0)),
        mean_held=log_e(bet(rounds.sums, -until.margin, "above").sum(axis=0)),
    )


def _look(held: Sequence[_Bench], evidence: Looks, state: Stopping) -> dict[str, Any]:
    """One line of the path: per benchmark its items and log e, and what is decided by now."""
    return {
        "items": [bench.measured for bench in held],
        "drop": np.round(evidence.drop, 3).tolist(),
        "held": np.round(evidence.held, 3).tolist(),
        "gain": np.round(evidence.gain, 3).tolist(),
        "mean_held": round(float(evidence.mean_held), 3),
        "verdicts": [StopVerdict(v).name for v in state.verdict.tolist()],
        "mean": StopVerdict(int(state.mean)).name,
    }


def _record(
    held: Sequence[_Bench], state: Stopping, rounds: _Rounds, until: Until, path: Sequence[Mapping[str, Any]]
) -> Stopped:
    tasks = {}
    for k, (bench, verdict) in enumerate(zip(held, state.verdict.tolist(), strict=True)):
        differences = list(bench.differences.values())
        most = {name: max(look[name][k] for look in path) for name in ("drop", "gain")}
        tasks[bench.work.name] = StoppedTask(
            verdict=StopVerdict(verdict).name,  # type: ignore[arg-type]
            items=bench.measured,
            of=len(bench.order),
            mean=float(np.mean(differences)) if differences else None,
            interval=list(interval(differences)),
            p_regressed=float(np.exp(-max(0.0, most["drop"]))),
            p_improved=float(np.exp(-max(0.0, most["gain"]))),
        )
    mean = StoppedMean(
        verdict=StopVerdict(int(state.mean)).name,  # type: ignore[arg-type]
        rounds=len(rounds.sums),
        mean=float(np.mean(rounds.sums)) if rounds.sums else None,
        interval=list(interval(rounds.sums)),
    )
    return Stopped(
        margin=until.margin,
        alpha=state.rule.alpha,
        step=until.step,
        decision=StopVerdict(int(state.decision)).name,  # type: ignore[arg-type]
        mean=mean,
        tasks=tasks,
        before=dict(until.before.model),
        whole=dict(until.small),
        path=list(path),
    )
