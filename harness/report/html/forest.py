"""The forest plot: every benchmark's difference with its interval, margins and verdict, on one scale."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from holdfast.compare.result import Benchmark, Comparison, Interval, Omnibus, Verdict
from holdfast.report import phrases
from holdfast.report.html.html_builder import Html, escape, join, section, tag

_GROUPS = (("target", "Trained for"), ("held", "Held skills"), ("ignored", "Shown, not judged"))


@dataclass(frozen=True, slots=True)
class Scale:
    """Differences (score units) to per cent of the plot's width."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> str:
        """The x coordinate; what lies outside is put on the edge."""
        inside = min(max(value, self.low), self.high) if math.isfinite(value) else self.high
        return f"{100 * (inside - self.low) / (self.high - self.low):.2f}%"


def scale(values: Sequence[float], wanted: int = 6) -> Scale:
    """A scale that shows all `values` and 0, with round ticks."""
    finite = [value for value in values if math.isfinite(value)] + [0.0]
    low, high = min(finite), max(finite)
    room = max(high - low, 0.002) * 0.06
    low, high = low - room, high + room
    step = _round_step((high - low) / wanted)
    first, last = math.ceil(low / step), math.floor(high / step)
    return Scale(low, high, tuple(i * step for i in range(first, last + 1)))


def forest(comparison: Comparison) -> Html:
    """The section with the plot of all benchmarks."""
    bounds = [v for b in comparison.benchmarks for v in (b.interval.low, b.interval.high, -b.margin)]
    macro = comparison.macro
    if macro:
        bounds += [macro.interval.low, macro.interval.high]
    axis = scale([*bounds, comparison.margin])
    rows = join([_head(comparison), *_rows(comparison, axis), _axis(axis)])
    lede = (
        "Change of each benchmark, after minus before, in points (score × 100), with its "
        f"{phrases.level(comparison.confidence)} interval. The shaded band is the margin: a drop inside it is "
        f"small enough to accept ({_origin(comparison)}). The thick part of an interval ends at the bounds by which "
        f"verdicts go, each {phrases.level(1 - comparison.alpha)} sure on its own side; a change is proven when it "
        "stands out among all benchmarks (Holm)."
    )
    return section(
        "skills",
        "Every skill",
        lede,
        tag("div", rows, class_="panel forest", role="table", aria_label="Every skill"),
        _legend(),
    )


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
            yield _sum_row(comparison.macro, axis)


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


def _line(kind: str, name: Html, scores: str, lane: Html, change: Html, says: Html) -> Html:
    """One row of the grid."""
    cells = (("name", name), ("score num", scores), ("plot", lane), ("delta num", change))
    inner = [tag("div", content, class_=style, role="cell") for style, content in cells]
    return tag("div", *inner, says, class_=kind, role="row")


def _row(benchmark: Benchmark, axis: Scale) -> Html:
    look = phrases.VERDICTS[benchmark.verdict]
    note = phrases.lacking(benchmark) or _p_note(benchmark)
    items = phrases.plural(benchmark.n, "item")
    if benchmark.dropped:
        items += f", {phrases.count(benchmark.dropped)} left out"
    return _line(
        "frow",
        join([benchmark.task, tag("small", items)]),
        f"{phrases.score(benchmark.before)} → {phrases.score(benchmark.after)}",
        _lane(axis, benchmark, benchmark.bounds, benchmark.verdict, look.tone),
        _delta(benchmark.difference, benchmark.interval),
        _says(f"{look.mark} {look.word}", note, look.tone, benchmark.explanation),
    )


def _says(word: str, note: str, tone: str, told: str | None = None) -> Html:
    return tag("div", word, tag("small", note), class_=f"says tone-{tone}", title=told, role="cell")


def _p_note(benchmark: Benchmark) -> str:
    if benchmark.verdict is Verdict.NON_INFERIOR:
        return f"drop of {phrases.margin(max(benchmark.margin, benchmark.allowed_drop))} ruled out"
    if benchmark.verdict is Verdict.BEYOND_MARGIN:
        return "may be chance"
    p = benchmark.holm_improved if benchmark.difference > 0 else benchmark.holm_regressed
    text = phrases.probability(p)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def _sum_row(macro: Omnibus, axis: Scale) -> Html:
    verdict = Verdict.NON_INFERIOR if macro.non_inferior else Verdict.INCONCLUSIVE
    tone = "good" if macro.non_inferior else "flat"
    says = "● Margin kept" if macro.non_inferior else "○ Margin not kept"
    return _line(
        "frow sum",
        join(["Mean of the held skills", tag("small", f"{macro.tasks} benchmarks, equal weight")]),
        f"{phrases.score(macro.before)} → {phrases.score(macro.after)}",
        _lane(axis, macro, _bounds(macro), verdict, tone),
        _delta(macro.difference, macro.interval),
        _says(says, _macro_note(macro), tone),
    )


def _macro_note(macro: Omnibus) -> str:
    if macro.non_inferior:
        return f"drop of {phrases.margin(macro.margin)} ruled out"
    return f"may have dropped by {phrases.score(abs(macro.lower_bound))}"


def _delta(difference: float, bounds: Interval) -> Html:
    return join([tag("b", phrases.points(difference)), " ", tag("small", phrases.interval(bounds))])


def _bounds(macro: Omnibus) -> Interval | None:
    return None if macro.upper_bound is None else Interval(macro.lower_bound, macro.upper_bound)


def _lane(axis: Scale, shown: Benchmark | Omnibus, sure: Interval | None, verdict: Verdict, tone: str) -> Html:
    """One row of the plot: grid, margin band, interval with its thick part, and estimate."""
    value, bounds, margin = shown.difference, shown.interval, shown.margin
    low, high, zero = axis.at(bounds.low), axis.at(bounds.high), axis.at(0)
    left, right = axis.at(-margin), axis.at(margin)
    width = f"{float(right[:-1]) - float(left[:-1]):.2f}%"
    parts = [f'<line class="grid" x1="{axis.at(t)}" x2="{axis.at(t)}" y1="0" y2="100%"/>' for t in axis.ticks]
    parts += [
        f'<rect class="band" x="{left}" width="{width}" y="0" height="100%"/>',
        f'<line class="edge" x1="{left}" x2="{left}" y1="0" y2="100%"/>',
        f'<line class="zero" x1="{zero}" x2="{zero}" y1="0" y2="100%"/>',
        f'<g class="tone-{tone}"><line class="whisker" x1="{low}" x2="{high}" y1="50%" y2="50%"/>',
        _cap(low),
        _cap(high),
        _thick(axis, sure),
        _estimate(axis.at(value), verdict, isinstance(shown, Omnibus)),
        "</g>",
    ]
    label = f"change {phrases.points(value)} points, interval {phrases.interval(bounds)}"
    return Html(f'<svg class="lane" role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>')


def _thick(axis: Scale, sure: Interval | None) -> str:
    if sure is None:
        return ""
    return f'<line class="sure" x1="{axis.at(sure.low)}" x2="{axis.at(sure.high)}" y1="50%" y2="50%"/>'


def _cap(x: str) -> str:
    return f'<svg x="{x}" y="50%" overflow="visible"><line class="cap" y1="-4" y2="4"/></svg>'


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


def _legend() -> Html:
    return Html(
        '<div class="legend" aria-hidden="true">'
        '<span><svg><line class="key rule" x1="0" x2="26" y1="6" y2="6"/>'
        '<line class="key thick" x1="4" x2="22" y1="6" y2="6"/><circle class="key" cx="13" cy="6" r="4"/></svg>'
        "estimate and interval</span>"
        '<span><svg><line class="key rule" x1="0" x2="26" y1="6" y2="6"/>'
        '<circle class="key hollow" cx="13" cy="6" r="4"/></svg>'
        "not proven</span>"
        '<span><svg><path class="key" d="M5 6L13 0L21 6L13 12z"/></svg>mean of the held skills</span>'
        '<span><svg><rect class="key area" width="26" height="12"/>'
        '<line class="key dash" x1="0" x2="0" y1="0" y2="12"/></svg>margin</span></div>'
    )


def _round_step(raw: float) -> float:
    power = 10 ** math.floor(math.log10(raw))
    return next(float(m * power) for m in (1, 2, 5, 10) if m * power >= raw * 0.75)
