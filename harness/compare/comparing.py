"""Two measurements in, a Comparison out."""

import sys
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from holdfast.compare.decision import decide, omnibus
from holdfast.compare.details import categories, flips, forgetting, shifts, untruncated
from holdfast.compare.effect import Measured, measure
from holdfast.compare.load import tables_of
from holdfast.compare.pairing import Pairs, check_allowances, check_definition, pair, shared_tasks
from holdfast.compare.policy import Policy
from holdfast.compare.result import Benchmark, Comparison, Interval, Role, RunInfo
from holdfast.compare.verdict import Judged, Rules, judge
from holdfast.compare.wording import explain, sentence
from holdfast.errors import unknown
from holdfast.files import read_json
from holdfast.runs.measurement import Measurement
from holdfast.stats.suite import LARGEST, decidable_margin

Origin = Literal["given", "policy", "default"]
_DRAWS = 100_000
"""Simulated benchmarks behind a default margin: 10,000 suites of ten."""
_BLUNT = 0.05
"""A default margin above this is warned about."""


@dataclass(frozen=True, slots=True)
class _Settings:
    target: tuple[str, ...]
    alpha: float
    confidence: float
    policy: Policy
    allow: frozenset[str]
    max_flips: int | None
    seed: int


def compare(
    before: Measurement,
    after: Measurement,
    *,
    target: Sequence[str] = (),
    margin: float | None = None,
    alpha: float | None = None,
    confidence: float = 0.95,
    policy: Policy | None = None,
    tasks: Sequence[str] = (),
    allow: Collection[str] = (),
    noise: Measurement | None = None,
    max_flips: int | None = None,
    seed: int = 0,
) -> Comparison:
    """Pair two measurements and judge every benchmark and the suite (method: docs/statistics.md).

    `target` names the tasks one trained for: judged apart, left out of the held skills. `margin` (score units) is the
    drop of the held skills' mean that must be ruled out; None: the smallest one these runs can decide with 80 %
    probability when nothing changed. `tasks` restricts what is compared, `allow` lists differences between the runs to
    accept (see `pairing.ALLOWANCES`), `noise` is a second measurement of the model before (A/A), `max_flips` bounds the
    flipped items kept with their texts. Raises DataError when the runs cannot be compared, UsageError for unknown
    names.
    """
    rules = policy or Policy()
    settings = _Settings(
        tuple(target) or rules.target,
        alpha if alpha is not None else rules.alpha if rules.alpha is not None else 0.05,
        confidence,
        rules,
        frozenset({*allow, *rules.allow}),
        max_flips,
        seed,
    )
    check_allowances(settings.allow)
    names, warnings = _names(before, after, tasks, settings)
    pairs, found = _pair(before, after, names, settings)
    warnings += found + _provenance(before, after)
    measured = [_measure(one, settings) for one in pairs]
    margin, origin = _margin(margin, pairs, measured, settings)
    if origin == "default" and margin > _BLUNT:
        can = "cannot rule out even" if margin >= LARGEST else "can only rule out"
        warnings.append(f"these runs {can} a mean drop of {100 * margin:.4g} points: measure more items")
    judged = judge([(p, m, _rules(p.task, margin, settings)) for p, m in zip(pairs, measured, strict=True)])
    aa = {} if noise is None else _noise(before, noise, names, settings)
    benchmarks = tuple(_benchmark(one, aa.get(one.pairs.task), settings) for one in judged)
    return _comparison((before, after), judged, benchmarks, margin, origin, warnings, settings)


def _comparison(
    runs: tuple[Measurement, Measurement],
    judged: Sequence[Judged],
    benchmarks: tuple[Benchmark, ...],
    margin: float,
    origin: Origin,
    warnings: Sequence[str],
    settings: _Settings,
) -> Comparison:
    from holdfast import __version__

    # A skill that the policy trades away has its own limit, and is not part of the mean that must hold.
    held = [one for one in judged if one.rules.role == "held" and not one.rules.allowed_drop]
    macro = omnibus("macro", held, margin, settings.alpha, settings.confidence)
    micro = omnibus("micro", held, margin, settings.alpha, settings.confidence)
    decision, checks = decide(judged, macro, settings.policy, settings.alpha)
    return Comparison(
        before=run_info(runs[0]),
        after=run_info(runs[1]),
        decision=decision,
        sentence=sentence(decision, benchmarks, macro, margin, [c.text for c in checks if not c.passed]),
        benchmarks=benchmarks,
        macro=macro,
        micro=micro,
        target=settings.target,
        margin=margin,
        margin_origin=origin,
        alpha=settings.alpha,
        confidence=settings.confidence,
        warnings=tuple(warnings),
        checks=tuple(checks),
        seed=settings.seed,
        version=__version__,
        created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        command=(Path(sys.argv[0]).name, *sys.argv[1:]),
    )


def run_info(measurement: Measurement) -> RunInfo:
    """Name, model and manifest of a measurement."""
    place = measurement.directory
    inside = place.name in ("before", "after")
    manifest = next((m for m in (place / "manifest.json", place.parent / "manifest.json") if m.is_file()), None)
    return RunInfo(
        name=f"{place.resolve().parent.name}/{place.name}" if inside else place.name or str(place),
        path=str(place),
        model=dict(measurement.model),
        provenance="known" if measurement.model else "unknown",
        manifest=read_json(manifest) if manifest is not None and (inside or manifest.parent == place) else {},
    )


def _names(
    before: Measurement, after: Measurement, tasks: Sequence[str], settings: _Settings
) -> tuple[list[str], list[str]]:
    allow = {*settings.allow, "tasks"} if tasks else settings.allow
    names, warnings = shared_tasks(before, after, allow)
    for kind, wanted in (("task", tasks), ("target", settings.target)):
        for name in wanted:
            if name not in names:
                raise unknown(kind, name, names)
    if tasks:
        names, warnings = [name for name in names if name in (*tasks, *settings.target)], []
    return names, warnings


def _pair(
    before: Measurement, after: Measurement, names: list[str], settings: _Settings
) -> tuple[list[Pairs], list[str]]:
    warnings: list[str] = []
    for task in names:
        warnings += check_definition(before.tasks[task], after.tasks[task], settings.allow)
    left, right = tables_of(before, names), tables_of(after, names)
    pairs = []
    for task in names:
        ignored = settings.policy.ignore_items.get(task, ())
        one, found = pair(task, left[task], right[task], after.tasks[task], settings.allow, ignored)
        pairs.append(one)
        warnings += found
        if one.dropped:
            items = "1 item" if one.dropped == 1 else f"{one.dropped} items"
            warnings.append(f"{task}: {items} left out: not judged in both runs")
        if one.before.repeats != one.after.repeats:
            warnings.append(
                f"{task}: an item has up to {one.before.repeats} answers before and up to {one.after.repeats} after; "
                "means are compared"
            )
    return pairs, warnings


def _provenance(before: Measurement, after: Measurement) -> list[str]:
    warnings = [
        f"{m.directory}: unknown provenance: nothing says which model, prompt and reward made these scores"
        for m in (before, after)
        if not m.model
    ]
    prints = before.model.get("fingerprint"), after.model.get("fingerprint")
    if prints[0] and prints[0] == prints[1]:
        warnings.append("both runs measured the same weights: what differs is noise")
    return list(dict.fromkeys(warnings))


def _noise(before: Measurement, noise: Measurement, names: list[str], settings: _Settings) -> dict[str, Pairs]:
    shared = [name for name in names if name in noise.tasks]
    return {one.task: one for one in _pair(before, noise, shared, settings)[0]}


def _measure(pairs: Pairs, settings: _Settings) -> Measured:
    allowed = settings.policy.of(pairs.task).allowed_drop
    return measure(pairs, alpha=settings.alpha, confidence=settings.confidence, allowed=allowed, seed=settings.seed)


def _role(task: str, settings: _Settings) -> Role:
    if task in settings.target:
        return "target"
    return "ignored" if task in settings.policy.ignore else "held"


def _rules(task: str, margin: float, settings: _Settings) -> Rules:
    policy = settings.policy
    own, family, role = policy.of(task), policy.family_of(task), _role(task, settings)
    alpha = policy.families[family].alpha if family in policy.families and role == "held" else None
    return Rules(
        role=role,
        margin=margin if own.margin is None else own.margin,
        allowed_drop=own.allowed_drop,
        family=family,
        alpha=settings.alpha if alpha is None else alpha,
        max_unjudged=policy.max_unjudged,
    )


def _margin(
    given: float | None, pairs: Sequence[Pairs], measured: Sequence[Measured], settings: _Settings
) -> tuple[float, Origin]:
    if given is not None:
        return given, "given"
    if settings.policy.margin is not None:
        return settings.policy.margin, "policy"
    held = [(p, m) for p, m in zip(pairs, measured, strict=True) if _role(p.task, settings) == "held"] or list(
        zip(pairs, measured, strict=True)
    )
    default = decidable_margin(
        [p.n for p, _ in held],
        [min(1.0, m.variance) if m.estimate is None else 0.0 for _, m in held],
        se=[float("nan") if m.estimate is None else m.estimate.se for _, m in held],
        alpha=settings.alpha,
        simulations=max(2_000, min(10_000, _DRAWS // len(held))),
        seed=settings.seed,
    )
    largest = settings.policy.max_margin
    if largest is not None and default > largest:
        return largest, "policy"
    return default, "default"


def _benchmark(judged: Judged, noise: Pairs | None, settings: _Settings) -> Benchmark:
    pairs, measured, rules = judged.pairs, judged.measured, judged.rules
    rest, only = untruncated(pairs, measured, settings.alpha)
    return Benchmark(
        task=pairs.task,
        role=rules.role,
        verdict=judged.verdict,
        explanation=explain(judged, rest, only),
        metric=pairs.result.metric,
        n=pairs.n,
        dropped=pairs.dropped,
        before=float(pairs.x.mean()),
        after=float(pairs.y.mean()),
        difference=measured.difference,
        interval=measured.interval,
        p_regressed=measured.p_regressed,
        p_improved=measured.p_improved,
        holm_regressed=judged.holm_regressed,
        holm_improved=judged.holm_improved,
        margin=rules.margin,
        allowed_drop=rules.allowed_drop,
        method=measured.method,
        flip_rate=measured.variance,
        mde=measured.mde,
        items_to_decide=judged.items_to_decide,
        repeats=pairs.repeats,
        clusters=measured.clusters,
        chance=pairs.result.chance,
        version=pairs.result.version,
        reward=dict(pairs.result.reward),
        generation=dict(pairs.result.generation),
        forgetting=forgetting(pairs, noise),
        categories=categories(pairs, settings.confidence),
        shifts=shifts(pairs),
        flips=flips(pairs, settings.max_flips),
        truncation_only=only,
        difference_untruncated=rest,
        bounds=Interval(measured.lower, measured.upper),
    )
