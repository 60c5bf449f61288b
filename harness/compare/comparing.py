"""Two measurements in, a Comparison out."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np

from holdfast import masking
from holdfast.compare.alike import directed, same_runs, told_apart
from holdfast.compare.details import categories, flips, forgetting, histogram, shifts, untruncated
from holdfast.compare.judging.decision import MeanRules, decide, omnibus
from holdfast.compare.judging.effect import Measured, measure
from holdfast.compare.judging.policy import Policy
from holdfast.compare.judging.policy_names import check_items, check_tasks, waivers
from holdfast.compare.judging.verdict import Judged, Rules, design_of, in_mean, judge, own_margin
from holdfast.compare.planning.advice import advice
from holdfast.compare.planning.measuring_again import remeasuring
from holdfast.compare.planning.next_steps import next_steps
from holdfast.compare.reading.answers import answer_warnings
from holdfast.compare.reading.load import tables_of
from holdfast.compare.reading.pairing import Accept, Pairs, check_allowances, check_definition, pair, shared_tasks
from holdfast.compare.result import Benchmark, Comparison, Interval, Role, RunInfo
from holdfast.compare.stopped import cost, judge_stopped, mean_stopped, noted, stopped_run
from holdfast.compare.wording import explain, sentence
from holdfast.errors import unknown
from holdfast.files import read_json
from holdfast.runs.measurement import Measurement
from holdfast.runs.saved import saved
from holdfast.runs.stopped import Stopped
from holdfast.stats.suite import LARGEST, decidable_margin

Origin = Literal["given", "policy", "default"]
_DRAWS = 100_000
"""Simulated benchmarks behind a default margin: 10,000 suites of ten."""


@dataclass(frozen=True, slots=True)
class _Settings:
    target: tuple[str, ...]
    alpha: float
    confidence: float
    policy: Policy
    allow: frozenset[str]
    max_flips: int | None
    seed: int
    min_effect: float = 0.0
    allow_missing: float = 0.0
    runs: int = 1


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
    min_effect: float | None = None,
    allow_missing: float | None = None,
    runs: int = 1,
) -> Comparison:
    """Pair two measurements and judge every benchmark and the suite (method: docs/statistics.md).

    `target` names the tasks one trained for: judged apart, left out of the held skills. `margin` (score units) is the
    drop of the held skills' mean that must be ruled out; None: the smallest one these runs can decide with 80 %
    probability when nothing changed. `tasks` restricts what is compared, `allow` lists differences between the runs to
    accept (see `pairing.ALLOWANCES`), `noise` is a second measurement of the model before (A/A), `max_flips` bounds the
    changed items kept with their texts. `min_effect`: a proven drop smaller than this is no regression (None: every one
    is). `allow_missing`: the share of a benchmark's items that may be missing in one run. `runs` is the number of
    comparisons with one baseline that share α. Raises DataError when the runs cannot be compared, UsageError for
    unknown names.
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
        min_effect if min_effect is not None else rules.min_effect or 0.0,
        allow_missing if allow_missing is not None else rules.allow_missing,
        runs,
    )
    check_allowances(settings.allow)
    stopped = stopped_run(before, after, margin)
    names, warnings = _names(before, after, tasks, settings)
    check_tasks(rules, {*before.tasks, *after.tasks}, settings.target)
    warnings += waivers(rules)
    pairs, found = _pair(before, after, names, settings, stopped.tasks if stopped else ())
    warnings += found + ([cost(stopped)] if stopped else []) + _provenance(before, after)
    measured = [_measure(one, settings) for one in pairs]
    if stopped and margin is None:
        margin = stopped.margin
    margin, origin = _margin(margin, pairs, measured, settings)
    if origin == "default" and margin >= LARGEST:
        warnings.append(
            f"these runs are too small to clear a model: only a mean drop of {100 * LARGEST:.4g} points or more could "
            "be ruled out reliably; measure more items"
        )
    rules_of = _rules(pairs, measured, margin, settings)
    entries = list(zip(pairs, measured, rules_of, strict=True))
    judging = partial(judge_stopped, entries, stopped) if stopped else partial(judge, entries)
    judged, worse = judging(_parts(settings), settings.runs)
    aa = {} if noise is None else _noise(before, noise, names, settings)
    benchmarks = tuple(_benchmark(one, aa.get(one.pairs.task), settings) for one in judged)
    if stopped:
        benchmarks = tuple(noted(one, stopped) for one in benchmarks)
    return _comparison((before, after), judged, worse, benchmarks, margin, origin, warnings, settings, stopped)


def _comparison(
    runs: tuple[Measurement, Measurement],
    judged: Sequence[Judged],
    worse: float,
    benchmarks: tuple[Benchmark, ...],
    margin: float,
    origin: Origin,
    warnings: Sequence[str],
    settings: _Settings,
    stopped: Stopped | None,
) -> Comparison:
    from holdfast import __version__

    held = [one for one in judged if in_mean(one.rules) and (stopped is None or one.pairs.task in stopped.tasks)]
    of_mean = MeanRules(margin, settings.alpha, settings.confidence, settings.min_effect)
    macro = omnibus("macro", held, of_mean, worse)
    macro = mean_stopped(macro, stopped) if stopped else macro
    micro = omnibus("micro", held, of_mean)
    decision, checks = decide(judged, macro, settings.policy, settings.alpha)
    before, after = _named_apart(run_info(runs[0]), run_info(runs[1]))
    remeasure = remeasuring(before, after, _tokens(judged))
    return Comparison(
        before=before,
        after=after,
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
        min_effect=settings.min_effect,
        runs=settings.runs,
        advice=advice(decision, judged, macro, margin, remeasure) or next_steps(decision, benchmarks, before, after),
        version=__version__,
        created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        command=tuple(masking.command()),
    )


def _tokens(judged: Sequence[Judged]) -> tuple[float, float]:
    """Tokens generated in both runs, of the benchmarks compared."""
    sides = ([one.pairs.before for one in judged], [one.pairs.after for one in judged])
    before, after = (sum(float(np.nansum(one.table.column("tokens"))) for one in side) for side in sides)
    return before, after


def _named_apart(before: RunInfo, after: RunInfo) -> tuple[RunInfo, RunInfo]:
    """Two runs of the same name (a/run.csv, b/run.csv) are told apart by their paths."""
    if before.name != after.name or before.path == after.path:
        return before, after
    first, second = told_apart([before.path, after.path])
    return replace(before, name=first), replace(after, name=second)


def run_info(measurement: Measurement) -> RunInfo:
    """Name, model and manifest of a measurement."""
    directory = measurement.directory
    inside = directory.name in ("before", "after")
    manifest = next((m for m in (directory / "manifest.json", directory.parent / "manifest.json") if m.is_file()), None)
    known = read_json(manifest) if manifest is not None and (inside or manifest.parent == directory) else {}
    spared = saved(directory)
    return RunInfo(
        name=f"{directory.resolve().parent.name}/{directory.name}" if inside else directory.name or str(directory),
        path=str(directory),
        model=dict(measurement.model),
        provenance="known" if _known(measurement) else "unknown",
        manifest={**known, "saved": spared} if spared else known,
    )


def _names(
    before: Measurement, after: Measurement, tasks: Sequence[str], settings: _Settings
) -> tuple[list[str], list[str]]:
    allow = {*settings.allow, "tasks"} if tasks else settings.allow
    names, warnings = shared_tasks(before, after, allow)
    for kind, named in (("task", tasks), ("target", settings.target)):
        for name in named:
            if name not in names:
                raise unknown(kind, name, names)
    if tasks:
        names, warnings = [name for name in names if name in (*tasks, *settings.target)], []
    return names, warnings


def _pair(
    before: Measurement, after: Measurement, names: list[str], settings: _Settings, stopped: Collection[str] = ()
) -> tuple[list[Pairs], list[str]]:
    warnings: list[str] = []
    for task in names:
        warnings += check_definition(before.tasks[task], after.tasks[task], settings.allow)
    left, right = tables_of(before, names), tables_of(after, names)
    results = {}
    for task in names:
        tables = left[task][0], right[task][0]
        results[task], notes = directed(task, before.tasks[task], after.tasks[task], tables, settings.policy)
        warnings += notes
    check_items(settings.policy, {task: (left[task][0], right[task][0]) for task in names})
    pairs = []
    for task in names:
        accept = Accept(
            settings.allow, settings.allow_missing, settings.policy.ignore_items.get(task, ()), task in stopped
        )
        one, found = pair(task, left[task], right[task], results[task], accept)
        pairs.append(one)
        warnings += found
        if one.dropped:
            items = "1 item" if one.dropped == 1 else f"{one.dropped} items"
            warnings.append(f"{task}: {items} left out: not judged in both runs")
        warnings += answer_warnings(one, before.tasks[task])
    return pairs, warnings


def _provenance(before: Measurement, after: Measurement) -> list[str]:
    unknown = [str(m.directory) for m in (before, after) if not _known(m)]
    warnings = []
    if unknown:
        named = " and ".join(dict.fromkeys(unknown))
        warnings.append(f"{named}: unknown provenance: nothing says which model, prompt and reward made these scores")
    prints = before.model.get("fingerprint"), after.model.get("fingerprint")
    if same_runs(before, after):
        warnings.append("both runs are the same file: nothing can differ between them")
    elif prints[0] and prints[0] == prints[1]:
        warnings.append("both runs measured the same weights: what differs is noise")
    return warnings


def _known(measurement: Measurement) -> bool:
    """Whether something says how the scores were made: a model, or a task's version."""
    return bool(measurement.model) and any(task.version for task in measurement.tasks.values())


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


def _rules(pairs: Sequence[Pairs], measured: Sequence[Measured], margin: float, settings: _Settings) -> list[Rules]:
    """Each benchmark's rules. Its margin is its own: what it can rule out alone, where that is more than the mean's."""
    policy = settings.policy
    members = [p.task for p in pairs if _role(p.task, settings) == "held" and not policy.of(p.task).allowed_drop]
    found = []
    for one, numbers in zip(pairs, measured, strict=True):
        own, role = policy.of(one.task), _role(one.task, settings)
        alone = margin if members == [one.task] else max(margin, own_margin(numbers, one.n, settings.alpha))
        found.append(
            Rules(
                role=role,
                margin=alone if own.margin is None else own.margin,
                beyond=margin if own.margin is None else own.margin,
                allowed_drop=own.allowed_drop,
                min_effect=settings.min_effect if own.min_effect is None else own.min_effect,
                family=policy.family_of(one.task),
                alpha=settings.alpha,
                max_unjudged=policy.max_unjudged,
            )
        )
    return found


def _parts(settings: _Settings) -> dict[str, float]:
    """The parts of α that the policy gives to its families."""
    families = settings.policy.families.items()
    return {name: family.alpha / settings.alpha for name, family in families if family.alpha}


def _margin(
    given: float | None, pairs: Sequence[Pairs], measured: Sequence[Measured], settings: _Settings
) -> tuple[float, Origin]:
    if given is not None:
        return given, "given"
    if settings.policy.margin is not None:
        return settings.policy.margin, "policy"
    known = list(zip(pairs, measured, _rules(pairs, measured, 0.0, settings), strict=True))
    judging = [entry for entry in known if entry[2].role != "ignored"] or known
    rules = [
        r if any(in_mean(one) for _, _, one in judging) else replace(r, role="held", allowed_drop=0)
        for _, _, r in judging
    ]
    default = decidable_margin(
        [p.n for p, _, _ in judging],
        [0.0 if m.estimate or m.graded else min(1.0, m.variance) for _, m, _ in judging],
        se=[_error(m, p.n) for p, m, _ in judging],
        alpha=settings.alpha,
        design=design_of(rules, _parts(settings), settings.runs),
        simulations=max(2_000, min(10_000, _DRAWS // len(judging))),
        seed=settings.seed,
    )
    largest = settings.policy.max_margin
    if largest is not None and default > largest:
        return largest, "policy"
    return max(default, settings.min_effect), "default"


def _error(measured: Measured, n: int) -> float:
    """The standard error of scores that are no table of 0/1 flips; NaN for those that are."""
    if measured.estimate:
        return measured.estimate.se
    return (measured.variance / n) ** 0.5 if measured.graded else float("nan")


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
        min_effect=rules.min_effect,
        power_drop=judged.power_drop if rules.role != "ignored" else None,
        repeats_before=pairs.before.repeats,
        histogram=histogram(pairs),
        refused=measured.refused,
        bounds=Interval(measured.lower, measured.upper),
    )
