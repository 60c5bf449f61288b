"""Verdicts and decisions in sentences. Differences are told in points."""

from collections.abc import Sequence

from holdfast.compare.judging.verdict import Judged, too_many_unjudged
from holdfast.compare.result import Benchmark, Decision, Omnibus, Verdict


def points(value: float, signed: bool = True) -> str:
    """0.0123 as '+1.2'; without sign as '1.23'."""
    if not signed:
        return f"{100 * value:.2f}".rstrip("0").rstrip(".")
    return f"{round(100 * value, 1) + 0.0:+.1f}".replace("+0.0", "0.0")


def size(value: float) -> str:
    """'1 point', '0.66 points'."""
    number = points(abs(value), signed=False)
    return f"{number} {'point' if number == '1' else 'points'}"


def explain(judged: Judged, untruncated: float | None, truncation_only: bool) -> str:
    """The verdict of one benchmark in a sentence for a reader who is no statistician."""
    pairs, measured = judged.pairs, judged.measured
    interval = (
        f"{points(measured.difference)} points [{points(measured.interval.low)}, {points(measured.interval.high)}]"
    )
    text = f"{_subject(judged)}: {interval} on {pairs.n:,} items"
    if truncation_only and untruncated is not None:
        text += (
            f"; the drop is only truncation: among the items that neither run cut off the difference is "
            f"{points(untruncated)} points (allow more tokens)"
        )
    return text + "."


def _subject(judged: Judged) -> str:
    if judged.measured.refused and judged.verdict is Verdict.INCONCLUSIVE:
        return f"Not decided: {judged.measured.refused}; too few for an interval"
    if too_many_unjudged(judged.pairs, judged.rules):
        share = f"{judged.pairs.unjudged_share:.1%} of the rows could not be judged"
        return f"Not decided: {share} (at most {judged.rules.max_unjudged:.0%})"
    return {
        Verdict.REGRESSED: _regressed_one,
        Verdict.BEYOND_MARGIN: _beyond,
        Verdict.IMPROVED: _improved_one,
        Verdict.NON_INFERIOR: _held_sentence,
        Verdict.INCONCLUSIVE: _undecided,
    }[judged.verdict](judged)


def _p_value(judged: Judged, p: float) -> str:
    """The p value and what it allows for."""
    return f"p = {p:.2g}" + (f", allowing for all {judged.family} benchmarks" if judged.family > 1 else "")


def _regressed_one(judged: Judged) -> str:
    allowed = judged.rules.allowed_drop
    allowance = f" of more than the allowed {size(allowed)}" if allowed else ""
    p = _p_value(judged, judged.holm_regressed)
    return f"A drop{allowance} is proven ({p}{_least_note(judged, -judged.measured.upper)})"


def _least_note(judged: Judged, least: float) -> str:
    """The verdict is one-sided, the interval two-sided: said where they seem to disagree."""
    measured, at = judged.measured, -judged.rules.allowed_drop
    if not measured.interval.low <= at <= measured.interval.high or least <= 0:
        return ""
    return f"; tested on one side: {1 - judged.rules.alpha:.0%} sure, at least {size(least)}"


def _beyond(judged: Judged) -> str:
    bound = size(max(judged.rules.beyond, judged.rules.allowed_drop, judged.rules.min_effect))
    return (
        f"Likely worse, but not counted as proven: alone, its whole interval lies beyond a drop of {bound}; among "
        f"{judged.family} benchmarks chance can do that ({_p_value(judged, judged.holm_regressed)})"
    )


def _improved_one(judged: Judged) -> str:
    return f"A gain is proven ({_p_value(judged, judged.holm_improved)}{_least_note(judged, judged.measured.lower)})"


def _held_sentence(judged: Judged) -> str:
    bound, lower = size(max(judged.rules.margin, judged.rules.allowed_drop)), judged.measured.lower
    most = f"is at most {size(lower)}" if lower < 0 else "is none"
    small = ""
    if judged.holm_regressed <= judged.rules.alpha and judged.rules.min_effect:
        small = f"; a drop is proven, but smaller than {size(judged.rules.min_effect)}, which the gate lets pass"
    found = f"one of {size(judged.power_drop)} would be found with 80 % probability"
    return f"Held: a drop of {bound} is ruled out (the drop, {1 - judged.rules.alpha:.0%} sure, {most}; {found}){small}"


def _undecided(judged: Judged) -> str:
    return (
        f"Not decided: no drop is proven, and one of {size(judged.rules.margin)} is not ruled out; "
        f"about {judged.items_to_decide or 0:,} items would decide"
    )


def sentence(
    decision: Decision,
    benchmarks: Sequence[Benchmark],
    macro: Omnibus | None,
    margin: float,
    failed: Sequence[str],
) -> str:
    """The decision and its main reason in one sentence."""
    gain = _gain([b for b in benchmarks if b.role == "target"])
    text = {
        Decision.PASS: lambda: _passed(benchmarks, macro, margin),
        Decision.REGRESSED: lambda: _regressed(benchmarks, macro),
        Decision.INCONCLUSIVE: lambda: _inconclusive(benchmarks, macro, margin, failed),
    }[decision]()
    return f"{text}{gain}."


def _passed(benchmarks: Sequence[Benchmark], macro: Omnibus | None, margin: float) -> str:
    traded = [f"{b.task} {points(b.difference)}" for b in benchmarks if b.role == "held" and b.allowed_drop]
    within = f"within what the policy allows: {', '.join(traded)} points" if traded else ""
    if macro is None:
        return f"Nothing else is held; {within}" if within else "No held skill was measured"
    held = [b for b in benchmarks if b.role == "held" and not b.allowed_drop]
    return _pass_sentence(held, macro, margin) + (f"; {within}" if within else "")


def _pass_sentence(held: Sequence[Benchmark], macro: Omnibus, margin: float) -> str:
    better = [b.task for b in held if b.verdict is Verdict.IMPROVED]
    ruled_out = f"a drop of {size(margin)} is ruled out"
    if len(held) == 1:
        change = f"{held[0].task} changed by {points(macro.difference)} points"
        return f"{better[0]} improved by {points(macro.difference)} points" if better else f"{change}, and {ruled_out}"
    what = f"{', '.join(better)} improved and nothing" if better else "Nothing"
    mean = f"the mean of the {len(held)} held benchmarks changed by {points(macro.difference)} points"
    likely = [f"{b.task} {points(b.difference)}" for b in held if b.verdict is Verdict.BEYOND_MARGIN]
    if likely:
        return f"No regression is proven: {mean}, and {ruled_out}; but look at {', '.join(likely)} points, likely worse"
    return f"{what} regressed: {mean}, and {ruled_out}"


def _regressed(benchmarks: Sequence[Benchmark], macro: Omnibus | None) -> str:
    judged = [b for b in benchmarks if b.role != "ignored"]
    worse = [b for b in judged if b.verdict is Verdict.REGRESSED]
    if not worse and macro is not None:
        return (
            f"The held skills dropped: the mean of {macro.tasks} benchmarks by {points(-macro.difference, False)} "
            f"points [{points(macro.interval.low)}, {points(macro.interval.high)}], which is proven (p = "
            f"{macro.holm_regressed:.2g}, allowing for everything judged), though no single benchmark's drop is"
        )
    worse.sort(key=lambda b: b.difference)
    listed = ", ".join(f"{b.task} {points(b.difference)}" for b in worse[:3])
    more = f" and {len(worse) - 3} more" if len(worse) > 3 else ""
    only = " (by truncation alone)" if all(b.truncation_only for b in worse) else ""
    count = "The benchmark" if len(judged) == 1 else f"{len(worse)} of {len(judged)} benchmarks"
    return f"{count} regressed{only}: {listed} points{more}"


def _inconclusive(benchmarks: Sequence[Benchmark], macro: Omnibus | None, margin: float, failed: Sequence[str]) -> str:
    if failed:
        return f"Not decided: {failed[0]}"
    if macro is None:
        return "Not decided: no held skill was measured"
    unjudged = [
        b.task
        for b in benchmarks
        if b.role == "held" and b.verdict is Verdict.INCONCLUSIVE and b.items_to_decide is None and not b.refused
    ]
    refused = [b for b in benchmarks if b.role == "held" and b.refused]
    if refused:
        return f"Not decided: {refused[0].task} has too few clusters to judge ({refused[0].refused})"
    if unjudged:
        return f"Not decided: too many rows of {', '.join(unjudged)} could not be judged"
    return (
        f"Not decided: no regression is proven, but a mean drop of {size(margin)} is not ruled out "
        f"(it may be as large as {size(macro.lower_bound)})"
    )


_OUTCOMES = {Verdict.IMPROVED: "", Verdict.REGRESSED: " (regressed)"}


def _gain(targets: Sequence[Benchmark]) -> str:
    if not targets:
        return ""
    unit = ["" for _ in targets[1:]] + [" points"]
    listed = ", ".join(
        f"{b.task} {points(b.difference)}{unit[i]}{_OUTCOMES.get(b.verdict, ' (no proven gain)')}"
        for i, b in enumerate(targets)
    )
    return f"; trained for: {listed}"
