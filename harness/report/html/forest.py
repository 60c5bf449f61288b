"""The forest plot: every benchmark's difference with its interval, margins and verdict, on one scale."""

import math
from collections.abc import Iterator

from holdfast.compare.result import Benchmark, Comparison, Interval, Omnibus, Verdict
from holdfast.quantities import count, plural
from holdfast.report import phrases
from holdfast.report.html.html_builder import Html, escape, join, section, tag
from holdfast.report.html.svg import Scale, row_scale, vertical

_GROUPS = (("target", "Trained for"), ("held", "Held skills"), ("ignored", "Shown, not judged"))


def forest(comparison: Comparison) -> Html:
    """The section with the plot of all benchmarks."""
    axis = forest_scale(comparison)
    rows = join([_head(comparison), *_rows(comparison, axis), _axis(axis)])
    lede = (
        "Change of each benchmark, after minus before, in points (score × 100), with its "
        f"{phrases.level(comparison.confidence)} interval. {_meaning(comparison)} The dashed line of a row is the drop "
        f"that must be ruled out to call it held; for the mean it is {_origin(comparison)}. The thick part of an "
        f"interval ends at the bounds by which verdicts go, each {phrases.level(1 - comparison.alpha)} sure on its own "
        "side; a change is proven when it stands out among everything that is judged."
    )
    return section(
        "skills",
        "Every skill",
        lede,
        tag("div", rows, class_="panel forest", role="table", aria_label="Every skill"),
        _legend(comparison),
    )


def forest_scale(comparison: Comparison) -> Scale:
    """One scale for all rows; a row that reaches much further than the others is cut at the edge."""
    shown: list[Benchmark | Omnibus] = [*comparison.benchmarks, *([comparison.macro] if comparison.macro else [])]
    rows = [(one.interval.low, one.interval.high) for one in shown]
    always = [-comparison.margin, -comparison.min_effect, comparison.min_effect]
    return row_scale(rows, always)


def _meaning(comparison: Comparison) -> str:
    """What size of drop counts."""
    if comparison.min_effect:
        return f"A proven drop inside the shaded band (less than {phrases.margin(comparison.min_effect)}) is accepted."
    return "A proven drop counts as a regression whatever its size (min_effect= sets one)."


def _origin(comparison: Comparison) -> str:
    size = phrases.margin(comparison.margin)
    if comparison.margin_origin == "default":
        return f"{size}, the smallest these items can decide with 80 % probability when nothing changed"
    return f"{size}, {'as asked for' if comparison.margin_origin == 'given' else 'from the policy'}"


def _rows(comparison: Comparison, axis: Scale) -> Iterator[Html]:
    for role, heading in _GROUPS:
        group = [b for b in comparison.benchmarks if b.role == role]
        if not group:
            continue
        yield tag("div", tag("span", heading, role="rowheader"), class_="frow group", role="row")
        for benchmark in sorted(group, key=lambda b: b.difference):
            yield _row(benchmark, axis)
        if role == "held" and comparison.macro and len(group) > 1:
            yield _sum_row(comparison.macro, axis, comparison.min_effect)


def _head(comparison: Comparison) -> Html:
    heads = (
        ("Benchmark", ""),
        ("Before → after", "score"),
        ("Change in points", ""),
        (f"Change, {phrases.level(comparison.confidence)} interval", "delta"),
        ("Verdict", ""),
    )
    cells = (tag("div", text, class_=kind or None, role="columnheader") for text, kind in heads)
    return tag("div", *cells, class_="frow head", role="row")


def _line(kind: str, name: Html, scores: str, plot: Html, change: Html, says: Html) -> Html:
    """One row of the grid."""
    cells = (("name", name), ("score num", scores), ("plot", plot), ("delta num", change))
    inner = [tag("div", content, class_=style, role="cell") for style, content in cells]
    return tag("div", *inner, says, class_=kind, role="row")


def _row(benchmark: Benchmark, axis: Scale) -> Html:
    look = phrases.VERDICTS[benchmark.verdict]
    note = phrases.lacking(benchmark) or _p_note(benchmark)
    items = plural(benchmark.n, "item")
    if benchmark.dropped:
        items += f", {count(benchmark.dropped)} left out"
    return _line(
        "frow",
        join([benchmark.task, tag("small", items)]),
        f"{phrases.score(benchmark.before)} → {phrases.score(benchmark.after)}",
        _plot(axis, benchmark, benchmark.bounds, (benchmark.verdict, look.tone), benchmark.min_effect),
        _delta(benchmark.difference, benchmark.interval),
        _verdict_cell(f"{look.mark} {look.word}", note, look.tone, benchmark.explanation),
    )


def _verdict_cell(word: str, note: str, tone: str, title: str | None = None) -> Html:
    return tag("div", word, tag("small", note), class_=f"says tone-{tone}", title=title, role="cell")


def _p_note(benchmark: Benchmark) -> str:
    if benchmark.verdict is Verdict.NON_INFERIOR:
        return f"drop of {phrases.margin(max(benchmark.margin, benchmark.allowed_drop))} ruled out"
    if benchmark.verdict is Verdict.BEYOND_MARGIN:
        return "may be chance"
    p = benchmark.holm_improved if benchmark.difference > 0 else benchmark.holm_regressed
    text = phrases.probability(p)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def _sum_row(macro: Omnibus, axis: Scale, min_effect: float) -> Html:
    verdict = Verdict.NON_INFERIOR if macro.non_inferior else Verdict.INCONCLUSIVE
    tone = "good" if macro.non_inferior else "flat"
    says = "● Margin kept" if macro.non_inferior else "○ Margin not kept"
    if macro.regressed:
        verdict, tone, says = Verdict.REGRESSED, "lost", "▼ Regressed"
    return _line(
        "frow sum",
        join(["Mean of the held skills", tag("small", f"{macro.tasks} benchmarks, equal weight")]),
        f"{phrases.score(macro.before)} → {phrases.score(macro.after)}",
        _plot(axis, macro, _bounds(macro), (verdict, tone), min_effect),
        _delta(macro.difference, macro.interval),
        _verdict_cell(says, _macro_note(macro), tone),
    )


def _macro_note(macro: Omnibus) -> str:
    if macro.regressed:
        p = phrases.probability(macro.holm_regressed)
        return f"p {p}" if p.startswith("<") else f"p = {p}"
    if macro.non_inferior:
        return f"drop of {phrases.margin(macro.margin)} ruled out"
    return f"may have dropped by {phrases.score(abs(macro.lower_bound))}"


def _delta(difference: float, bounds: Interval) -> Html:
    return join([tag("b", phrases.points(difference)), " ", tag("small", phrases.interval(bounds))])


def _bounds(macro: Omnibus) -> Interval | None:
    return None if macro.upper_bound is None else Interval(macro.lower_bound, macro.upper_bound)


def _plot(
    axis: Scale, result: Benchmark | Omnibus, sure: Interval | None, look: tuple[Verdict, str], min_effect: float
) -> Html:
    """One row of the plot: grid, band of accepted changes, margin, interval with its thick part, and estimate."""
    value, bounds, (verdict, tone) = result.difference, result.interval, look
    low, high, edge = axis.at(bounds.low), axis.at(bounds.high), axis.at(-result.margin)
    parts = [
        *vertical(axis),
        _band(axis, min_effect) if min_effect else "",
        f'<line class="edge" x1="{edge}" x2="{edge}" y1="0" y2="100%"/>' if not axis.beyond(-result.margin) else "",
        f'<g class="tone-{tone}"><line class="whisker" x1="{low}" x2="{high}" y1="50%" y2="50%"/>',
        _end(axis, bounds.low),
        _end(axis, bounds.high),
        _thick(axis, sure),
        "" if axis.beyond(value) else _estimate(axis.at(value), verdict, isinstance(result, Omnibus)),
        "</g>",
    ]
    label = f"change {phrases.points(value)} points, interval {phrases.interval(bounds)}"
    return Html(f'<svg class="lane" role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>')


def _band(axis: Scale, min_effect: float) -> str:
    left, right = axis.at(-min_effect), axis.at(min_effect)
    return f'<rect class="band" x="{left}" width="{float(right[:-1]) - float(left[:-1]):.2f}%" y="0" height="100%"/>'


def _thick(axis: Scale, sure: Interval | None) -> str:
    if sure is None:
        return ""
    return f'<line class="sure" x1="{axis.at(sure.low)}" x2="{axis.at(sure.high)}" y1="50%" y2="50%"/>'


def _end(axis: Scale, value: float) -> str:
    """A cap at the end of an interval, or an arrow where it goes on beyond the scale."""
    side = axis.beyond(value)
    shape = f'<path class="dot" d="M{9 * side} 0L0 -6V6z"/>' if side else '<line class="cap" y1="-4" y2="4"/>'
    return f'<svg x="{axis.at(value)}" y="50%" overflow="visible">{shape}</svg>'


def _estimate(x: str, verdict: Verdict, diamond: bool) -> str:
    if diamond:
        return f'<svg x="{x}" y="50%" overflow="visible"><path class="dot" d="M-8 0L0 -7L8 0L0 7z"/></svg>'
    kind = "open" if verdict in (Verdict.INCONCLUSIVE, Verdict.BEYOND_MARGIN) else "dot"
    return f'<circle class="{kind}" cx="{x}" cy="50%" r="5"/>'


def _axis(axis: Scale) -> Html:
    step = axis.ticks[1] - axis.ticks[0] if len(axis.ticks) > 1 else 1.0
    digits = max(0, -math.floor(math.log10(100 * step) + 1e-9))
    labels = [f'<text x="{axis.at(t)}" y="17">{phrases.points(t, digits)}</text>' for t in axis.ticks]
    svg = Html(f'<svg class="lane" aria-hidden="true">{"".join(labels)}</svg>')
    return tag(
        "div", tag("div"), tag("div"), tag("div", svg, class_="plot"), tag("div"), tag("div"), class_="frow axis"
    )


def _legend(comparison: Comparison) -> Html:
    accepted = '<span><svg><rect class="key area" width="26" height="12"/></svg>accepted size of a drop</span>'
    band = accepted if comparison.min_effect else ""
    return Html(
        '<div class="legend" aria-hidden="true">'
        '<span><svg><line class="key rule" x1="0" x2="26" y1="6" y2="6"/>'
        '<line class="key thick" x1="4" x2="22" y1="6" y2="6"/><circle class="key" cx="13" cy="6" r="4"/></svg>'
        "estimate and interval</span>"
        '<span><svg><line class="key rule" x1="0" x2="26" y1="6" y2="6"/>'
        '<circle class="key hollow" cx="13" cy="6" r="4"/></svg>'
        "not proven</span>"
        '<span><svg><path class="key" d="M5 6L13 0L21 6L13 12z"/></svg>mean of the held skills</span>'
        '<span><svg><line class="key dash" x1="13" x2="13" y1="0" y2="12"/></svg>drop to rule out</span>'
        f"{band}</div>"
    )
