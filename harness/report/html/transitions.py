"""Forgetting as flows: what became of the items that were right, and of those that were wrong."""

from collections.abc import Iterator

from holdfast.compare.result import Benchmark, Comparison, Forgetting
from holdfast.quantities import count, plural
from holdfast.report import phrases
from holdfast.report.html.html_builder import Html, join, section, tag

_WIDTH, _HEIGHT, _BAR, _GAP = 240.0, 96.0, 7.0, 5.0
_SHOWN = 9


def flows(comparison: Comparison) -> Html:
    """The section with one card per benchmark, the heaviest losses first; empty without any."""
    order = sorted(comparison.benchmarks, key=lambda b: (b.role != "held", -_lost_rate(b)))
    cards = [_card(benchmark) for benchmark in order if benchmark.forgetting or benchmark.flips]
    if not cards:
        return Html("")
    lede = (
        "Each band is a group of items. Left edge: before; right edge: after; green is right, grey is wrong. "
        "Vermillion was right and is now wrong (1→0, lost); blue was wrong and is now right (0→1, gained). "
        "A small net change can hide large flows both ways."
    )
    rest: list[Html] = []
    if len(cards) > _SHOWN:
        more = tag("summary", plural(len(cards) - _SHOWN, "more benchmark"))
        rest = [tag("details", more, tag("div", *cards[_SHOWN:], class_="cards"))]
    return section(
        "forgetting", "What was forgotten, what was learnt", lede, tag("div", *cards[:_SHOWN], class_="cards"), *rest
    )


def _lost_rate(benchmark: Benchmark) -> float:
    if benchmark.forgetting:
        return benchmark.forgetting.lost_rate
    return sum(flip.direction == "lost" for flip in benchmark.flips) / max(benchmark.n, 1)


def _card(benchmark: Benchmark) -> Html:
    table = benchmark.forgetting
    heading = tag("h3", benchmark.task, tag("span", f"{plural(benchmark.n, 'item')}{_role(benchmark)}"))
    if table is None:
        return tag("div", heading, _graded(benchmark), class_="card")
    ends = tag(
        "div",
        tag("span", f"{phrases.score(benchmark.before)} right"),
        tag("span", f"{phrases.score(benchmark.after)} right"),
        class_="flowends",
    )
    right, wrong = table.both_right + table.lost, table.both_wrong + table.gained
    flips = tag(
        "div",
        _flip(benchmark, "lost", table.lost, f"{_part(table.lost, right)} of {count(right)} right"),
        _flip(benchmark, "gained", table.gained, f"{_part(table.gained, wrong)} of {count(wrong)} wrong"),
        class_="flips",
    )
    notes = [tag("p", note, class_="note") for note in _notes(table)]
    return tag("div", heading, diagram(table), ends, flips, *notes, class_="card")


def _role(benchmark: Benchmark) -> str:
    return {"target": ", trained for", "ignored": ", not judged"}.get(benchmark.role, "")


def _graded(benchmark: Benchmark) -> Html:
    """Graded scores have no 1→0: a histogram of the changes, and how many items fell and rose."""
    counts = {kind: sum(flip.direction == kind for flip in benchmark.flips) for kind in ("lost", "gained")}
    note = tag("p", "Graded scores: items by the change of their score, from −100 to +100 points.", class_="note")
    boxes = [
        _flip(benchmark, "lost", counts["lost"], f"{_part(counts['lost'], benchmark.n)} of the items"),
        _flip(benchmark, "gained", counts["gained"], f"{_part(counts['gained'], benchmark.n)} of the items"),
    ]
    return join([_histogram(benchmark.histogram), note, tag("div", *boxes, class_="flips")])


def _histogram(counts: tuple[int, ...]) -> Html:
    """Bars of the square roots of counts: the few items that changed must not vanish beside the many that did not."""
    most = max(counts, default=0) ** 0.5
    if not most:
        return Html("")
    width, bars = _WIDTH / len(counts), []
    for number, items in enumerate(counts):
        height = _HEIGHT * items**0.5 / most
        kind = "lost" if number < len(counts) // 2 else "gained"
        title = f"<title>{items}</title>"
        x, y = f"{number * width + 0.5:.1f}", f"{_HEIGHT - height:.1f}"
        bars.append(
            f'<rect class="{kind}" x="{x}" y="{y}" width="{width - 1:.1f}" height="{height:.1f}">{title}</rect>'
        )
    middle = f'<line class="zero" x1="{_WIDTH / 2}" x2="{_WIDTH / 2}" y1="0" y2="{_HEIGHT}"/>'
    label = f"{sum(counts[: len(counts) // 2])} items fell, {sum(counts[len(counts) // 2 :])} rose or stayed"
    return Html(
        f'<svg class="flow lane" viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" preserveAspectRatio="none" role="img" '
        f'aria-label="{label}">{"".join(bars)}{middle}</svg>'
    )


def _flip(benchmark: Benchmark, kind: str, number: int, note: str) -> Html:
    text = (tag("b", f"{count(number)} {kind}"), note)
    if not any(flip.direction == kind for flip in benchmark.flips):
        return tag("div", *text, class_=kind)
    return tag("a", *text, class_=kind, href="#items", data_task=benchmark.task, data_kind=kind)


def _notes(table: Forgetting) -> Iterator[str]:
    if table.lost_adjusted is not None:
        gained = phrases.share(table.gained_adjusted)
        yield f"Without what guessing would show: lost {phrases.share(table.lost_adjusted)}, gained {gained}."
    if table.net_lost is not None:
        noise = f"{phrases.share(table.noise_lost)} lost and {phrases.share(table.noise_gained)} gained"
        net = f"lost {phrases.share(table.net_lost)}, gained {phrases.share(table.net_gained)}"
        yield f"Measuring the same model twice shows {noise}; net of that: {net}."


def _part(number: int, whole: int) -> str:
    return phrases.share(number / whole) if whole else "–"


def diagram(table: Forgetting) -> Html:
    """The alluvial drawing of a 2×2 table."""
    n = table.both_right + table.lost + table.gained + table.both_wrong
    unit = (_HEIGHT - _GAP) / max(n, 1)
    kept, lost, gained, still = (unit * k for k in (table.both_right, table.lost, table.gained, table.both_wrong))
    left_wrong, right_wrong = kept + lost + _GAP, kept + gained + _GAP
    bands = [
        _band("kept", 0, 0, kept),
        _band("still", left_wrong + gained, right_wrong + lost, still),
        _band("gained", left_wrong, kept, gained),
        _band("lost", kept, right_wrong, lost),
    ]
    bars = [
        _bar("right", 0, 0, kept + lost),
        _bar("wrong", 0, left_wrong, gained + still),
        _bar("right", _WIDTH - _BAR, 0, kept + gained),
        _bar("wrong", _WIDTH - _BAR, right_wrong, lost + still),
    ]
    label = (
        f"{table.both_right} stayed right, {table.lost} lost, {table.gained} gained, {table.both_wrong} stayed wrong"
    )
    return Html(
        f'<svg class="flow" viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" preserveAspectRatio="none" role="img" '
        f'aria-label="{label}">{"".join(bands + bars)}</svg>'
    )


def _band(kind: str, left: float, right: float, height: float) -> str:
    if height <= 0:
        return ""
    thick = max(height, 0.9)
    x0, x1, half = _BAR, _WIDTH - _BAR, _WIDTH / 2
    upper = f"M{x0:.0f} {left:.2f}C{half:.0f} {left:.2f} {half:.0f} {right:.2f} {x1:.0f} {right:.2f}"
    left, right = left + thick, right + thick
    lower = f"V{right:.2f}C{half:.0f} {right:.2f} {half:.0f} {left:.2f} {x0:.0f} {left:.2f}z"
    return f'<path class="{kind}" d="{upper}{lower}"/>'


def _bar(kind: str, x: float, y: float, height: float) -> str:
    return (
        f'<rect class="{kind}" x="{x:.0f}" y="{y:.2f}" width="{_BAR:.0f}" height="{height:.2f}"/>' if height > 0 else ""
    )
