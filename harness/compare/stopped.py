"""Comparing a measurement that stopped when it was decided: its verdicts stand, its intervals hold at any time.

A p value or an interval for a fixed number of items is wrong for one that stopped because of what was seen. So the
verdicts, p values and intervals of the held benchmarks and of their mean are those of `stopping.json`; once the rest
of the items has been measured too, the verdicts stay, and the difference over all items is description.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from holdfast.compare.judging.verdict import Entry, Judged, judge, undecidable
from holdfast.compare.result import Benchmark, Interval, Omnibus, Verdict
from holdfast.compare.wording import points
from holdfast.errors import DataError, UsageError
from holdfast.runs.measurement import Measurement
from holdfast.runs.stopped import Stopped, StoppedTask, read_stopped
from holdfast.stats.sequential.stopping import least_items, worthwhile

METHOD = "betting confidence sequence and e-process, closed over benchmarks: valid at any time of stopping"


def stopped_run(before: Measurement, after: Measurement, margin: float | None) -> Stopped | None:
    """What `after` decided, None where it did not stop. Raises DataError for another measurement before than the one it
    was decided against, UsageError for a smaller margin than the one that it was decided for."""
    stopped = read_stopped(after.directory)
    if stopped is None:
        return None
    prints = stopped.before.get("fingerprint"), before.model.get("fingerprint")
    if prints[0] != prints[1]:
        raise DataError(f"{after.directory} stopped when it was decided against another model than {before.directory}")
    if margin is not None and margin < stopped.margin - 1e-9:
        raise UsageError(
            f"{after.directory} stopped at a margin of {points(stopped.margin, signed=False)} points; a smaller one "
            "needs all items: measure again without stop=decided, into another folder"
        )
    return stopped


def judge_stopped(
    benchmarks: Sequence[Entry], stopped: Stopped, parts: Mapping[str, float] | None, runs: int
) -> tuple[list[Judged], float]:
    """`verdict.judge` for a stopped run: held benchmarks as they were decided, the others on their part of α."""
    free = [entry for entry in benchmarks if entry[0].task not in stopped.tasks]
    share = len(free) / (len(free) + len(stopped.tasks) + 1)
    others = iter(judge(free, parts, round(runs / share))[0] if free else ())
    whole, _ = judge(benchmarks, parts, runs)
    judged = [
        _decided(one, stopped.tasks[one.pairs.task]) if one.pairs.task in stopped.tasks else next(others)
        for one in whole
    ]
    return judged, 0.0 if stopped.mean.verdict == "REGRESSED" else 1.0


def _decided(one: Judged, task: StoppedTask) -> Judged:
    measured = one.measured
    if one.pairs.n <= task.items:  # else the rest was measured later, and describes
        low, high = task.interval
        measured = replace(measured, interval=Interval(low, high), lower=low, upper=high, method=METHOD)
    measured = replace(measured, p_regressed=task.p_regressed, p_improved=task.p_improved)
    return replace(
        one,
        measured=measured,
        holm_regressed=task.p_regressed,
        holm_improved=task.p_improved,
        verdict=_verdict(one, task),
        items_to_decide=None,
    )


def _verdict(one: Judged, task: StoppedTask) -> Verdict:
    """The decided verdict, within what the policy of today demands beyond it."""
    rules = one.rules
    if undecidable(one.pairs, one.measured, rules):
        return Verdict.INCONCLUSIVE
    if task.verdict == "REGRESSED":
        agreed = task.interval[1] < -rules.allowed_drop if rules.allowed_drop else True
        small = -one.measured.difference < rules.min_effect
        return Verdict.REGRESSED if agreed and not small else Verdict.INCONCLUSIVE
    return {"HELD": Verdict.NON_INFERIOR, "IMPROVED": Verdict.IMPROVED}.get(task.verdict, Verdict.INCONCLUSIVE)


def mean_stopped(macro: Omnibus | None, stopped: Stopped) -> Omnibus | None:
    """The held mean as it was decided. It is held, too, when every benchmark is."""
    if macro is None:
        return None
    low, high = stopped.mean.interval
    each = all(task.verdict in ("HELD", "IMPROVED") for task in stopped.tasks.values())
    return replace(
        macro,
        interval=Interval(low, high),
        lower_bound=low,
        upper_bound=high,
        non_inferior=stopped.mean.verdict == "HELD" or (stopped.mean.verdict == "OPEN" and each),
        regressed=stopped.mean.verdict == "REGRESSED",
    )


def noted(benchmark: Benchmark, stopped: Stopped) -> Benchmark:
    """The benchmark's explanation with how it was decided."""
    task = stopped.tasks.get(benchmark.task)
    if benchmark.task in stopped.whole:
        apart = (
            f"Too small to stop beside the others ({worthwhile(stopped.margin):,} items are worth it at this margin): "
            "measured whole, judged apart, and not in the mean."
        )
        return replace(benchmark, explanation=f"{benchmark.explanation} {apart}")
    if task is None:
        return benchmark
    when = f"{'decided' if task.verdict != 'OPEN' else 'undecided'} after {task.items:,} of {task.of:,} items"
    least = least_items(stopped.margin, stopped.alpha)
    if task.verdict == "OPEN" and task.of < least:
        when += f" (fewer than {least:,} cannot be held at this margin, even where none flips)"
    valid = "its interval holds at any time of stopping" if benchmark.method == METHOD else "the rest describes"
    return replace(benchmark, explanation=f"{benchmark.explanation} Measured until {when}; {valid}.")


def cost(stopped: Stopped) -> str:
    """How much of the held benchmarks was measured, in a sentence."""
    items, whole = (sum(getattr(task, name) for task in stopped.tasks.values()) for name in ("items", "of"))
    return (
        f"stopped when decided: {items:,} of {whole:,} items of the held benchmarks ({items / whole:.0%}) were measured"
    )
