"""Verdicts and decisions in sentences. Differences are told in points."""

from collections.abc import Sequence

from holdfast.compare.result import Benchmark, Decision, Omnibus, Verdict
from holdfast.compare.verdict import Judged, too_many_unjudged


def points(value: float, signed: bool = True) -> str:
    """0.0123 as '+1.2'."""
    return f"{100 * value:+.1f}" if signed else f"{100 * value:.4g}"


def explain(judged: Judged, untruncated: float | None, truncation_only: bool) -> str:
    """The verdict of one benchmark in one sentence."""
    pairs, measured = judged.pairs, judged.measured
    interval = (
        f"{points(measured.difference)} points [{points(measured.interval.low)}, {points(measured.interval.high)}]"
    )
    text = f"{_what(judged)}: {interval} on {pairs.n:,} items"
    if truncation_only and untruncated is not None:
        text += (
            f"; the drop is only truncation: among the items that neither run cut off the difference is "
            f"{points(untruncated)} points (allow more tokens)"
        )
    return text + "."


def _what(judged: Judged) -> str:
    rules, margin = judged.rules, points(judged.rules.margin, signed=False)
    if too_many_unjudged(judged.pairs, rules):
        share = f"{judged.pairs.unjudged_share:.1%} of the rows could not be judged"
        return f"Not decided: {share} (at most {rules.max_unjudged:.0%})"
    bound = points(max(rules.margin, rules.allowed_drop), signed=False)
    p = f"p = {judged.holm_regressed:.2g} after Holm"
    allowance = (
        f" more than the allowed {points(rules.allowed_drop, signed=False)} points" if rules.allowed_drop else ""
    )
    return {
        Verdict.REGRESSED: f"A drop{allowance} is proven ({p})",
        Verdict.BEYOND_MARGIN: f"Alone it would prove a drop of more than {bound} points; not so among all ({p})",
        Verdict.IMPROVED: f"A gain is proven (p = {judged.holm_improved:.2g} after Holm)",
        Verdict.NON_INFERIOR: f"A drop of {bound} points is ruled out",
        Verdict.INCONCLUSIVE: f"Not decided at {margin} points; about {judged.items_to_decide or 0:,} items would",
    }[judged.verdict]


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
        Decision.REGRESSED: lambda: _regressed(benchmarks, macro, margin),
        Decision.INCONCLUSIVE: lambda: _inconclusive(benchmarks, macro, margin, failed),
    }[decision]()
    return f"{text}{gain}."


def _passed(benchmarks: Sequence[Benchmark], macro: Omnibus | None, margin: float) -> str:
    traded = [f"{b.task} {points(b.difference)}" for b in benchmarks if b.role == "held" and b.allowed_drop]
    within = f"within what the policy allows: {', '.join(traded)} points" if traded else ""
    if macro is None:
        return f"Nothing else is held; {within}" if within else "No held skill was measured"
    held = [b for b in benchmarks if b.role == "held" and not b.allowed_drop]
    return _kept(held, macro, margin) + (f"; {within}" if within else "")


def _kept(held: Sequence[Benchmark], macro: Omnibus, margin: float) -> str:
    better = [b.task for b in held if b.verdict is Verdict.IMPROVED]
    ruled_out = f"a drop of {points(margin, False)} is ruled out"
    if len(held) == 1:
        change = f"{held[0].task} changed by {points(macro.difference)} points"
        return f"{better[0]} improved by {points(macro.difference)} points" if better else f"{change}, and {ruled_out}"
    what = f"{', '.join(better)} improved and nothing" if better else "Nothing"
    mean = f"the mean of the {len(held)} held benchmarks"
    return f"{what} regressed: {mean} changed by {points(macro.difference)} points, and {ruled_out}"


def _regressed(benchmarks: Sequence[Benchmark], macro: Omnibus | None, margin: float) -> str:
    judged = [b for b in benchmarks if b.role != "ignored"]
    worse = [b for b in judged if b.verdict is Verdict.REGRESSED]
    if not worse:
        drop = points(-macro.difference if macro else 0.0, False)
        return f"The held benchmarks together dropped by {drop} points, more than the margin of {points(margin, False)}"
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
        if b.role == "held" and b.verdict is Verdict.INCONCLUSIVE and b.items_to_decide is None
    ]
    if unjudged:
        return f"Not decided: too many rows of {', '.join(unjudged)} could not be judged"
    return (
        f"Not decided: no regression is proven, but a mean drop of {points(margin, False)} points is not ruled out "
        f"(lower bound {points(macro.lower_bound)})"
    )


def _gain(targets: Sequence[Benchmark]) -> str:
    if not targets:
        return ""
    listed = ", ".join(
        f"{b.task} {points(b.difference)}{'' if b.verdict is Verdict.IMPROVED else ' (no proven gain)'}"
        for b in targets
    )
    return f"; trained for: {listed} points"
