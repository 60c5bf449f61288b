"""A sweep's page: target gain against the worst regression, the Pareto set, every skill of every point."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from holdfast.compare.result import Interval
from holdfast.files import write_json, write_whole
from holdfast.quantities import plural
from holdfast.report import phrases
from holdfast.report.html import svg
from holdfast.report.html.heatmap import step
from holdfast.report.html.html_builder import Cell, Html, escape, section, table, tag
from holdfast.report.html.page import badge, page
from holdfast.report.html.svg import Scale, scale
from holdfast.report.sweep import parameter_curve
from holdfast.report.sweep.axis import Axis
from holdfast.report.sweep.frontier import worst_interval
from holdfast.report.sweep.points import (
    Missing,
    Point,
    as_json,
    axis,
    best_of,
    effects,
    holm_over_points,
    missing_jobs,
    pareto,
    read_sweep,
    without_regression,
)


def write_sweep(directory: Path) -> list[Path]:
    """Read the finished jobs below a sweep's folder and write frontier.html and frontier.json there.

    Raises DataError when there is none.
    """
    points, missing = read_sweep(directory), missing_jobs(directory)
    paths = [Path(directory) / "frontier.html", Path(directory) / "frontier.json"]
    write_whole(paths[0], render(points, missing))
    record = as_json(points) | {"curves": parameter_curve.as_json(points), "missing": [asdict(job) for job in missing]}
    write_json(paths[1], record)
    return paths


def render(points: Sequence[Point], missing: Sequence[Missing] = ()) -> str:
    """The whole page as HTML."""
    sections = [
        _head(points),
        _missing(missing),
        _plot_section(points),
        parameter_curve.drawn(points),
        _points(points),
        _skills(points),
        _effects(points),
    ]
    return page("Sweep · Holdfast", sections, Html(""), "Made by Holdfast. One file, no network access.")


def summary(points: Sequence[Point]) -> str:
    """The sweep in one sentence."""
    many, best = plural(len(points), "training"), best_of(points)
    clean = sum(without_regression(points))
    if not clean:
        return f"Each of {many} provably cost a held skill."
    if best is None:
        return f"Of {many}, {clean} have no proven regression; none names a target."
    gain = phrases.points(best.gain or 0.0)
    return f"Of {many}, {best.name} gained most ({gain} points) among the {clean} without a proven regression."


def _head(points: Sequence[Point]) -> Html:
    return tag(
        "div", badge(phrases.Look("Sweep", "flat", "●", phrases.CIRCLE)), tag("h1", summary(points)), class_="verdict"
    )


def _missing(jobs: Sequence[Missing]) -> Html:
    if not jobs:
        return Html("")
    lede = "These trainings of the sweep have no result and are not drawn; each can be run alone, the others stay."
    rows = [[job.name, f"{job.status}{': ' if job.why else ''}{job.why}", tag("code", job.rerun)] for job in jobs]
    listing = tag("div", table(("Training", "What became of it", "Run it alone"), rows), class_="panel")
    return section("missing", "Missing", lede, listing)


def _plot_section(points: Sequence[Point]) -> Html:
    lede = (
        f"Up is a larger gain on what was trained for, right is a smaller loss. {axis(points).sentence} Filled: no "
        "other point is better in both (Pareto set). Lines are intervals, in points (score × 100)."
    )
    return section("frontier", "The frontier", lede, tag("div", _plot(points), class_="panel pad frontier"))


def _plot(points: Sequence[Point]) -> Html:
    cost = axis(points)
    x_scale = scale([v for p in points for v in _cost_bounds(p, cost)])
    y_scale = scale([v for p in points for v in _bounds(p)])
    parts = [*_frame(x_scale, y_scale, cost.label), _stair(points, cost, x_scale, y_scale)]
    for number, (point, best) in enumerate(zip(points, pareto(points), strict=True), start=1):
        parts.append(_mark(number, point, best, cost, x_scale, y_scale))
    label = f"{len(points)} trainings: target gain against the {cost.label}"
    return Html(f'<svg class="lane scatter" role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>')


def _cost_bounds(point: Point, cost: Axis) -> list[float]:
    bounds = cost.interval(point.comparison)
    return [cost.value(point.comparison), *((bounds.low, bounds.high) if bounds else ())]


def _bounds(point: Point) -> list[float]:
    bounds = point.gain_interval
    return [point.gain or 0.0, *((bounds.low, bounds.high) if bounds else ())]


def _frame(x_scale: Scale, y_scale: Scale, label: str) -> Iterator[str]:
    yield from svg.vertical(x_scale, label=phrases.points)
    yield from svg.horizontal(y_scale, phrases.points)
    yield from svg.titles(label, "gain on the target")


def _stair(points: Sequence[Point], cost: Axis, x_scale: Scale, y_scale: Scale) -> str:
    """The frontier as a staircase through the Pareto set."""
    kept = [point for point, one in zip(points, pareto(points), strict=True) if one]
    best = sorted((cost.value(point.comparison), point.gain or 0.0) for point in kept)
    lines = []
    for (x0, y0), (x1, y1) in itertools.pairwise(best):
        across0, across1, up0, up1 = x_scale.at(x0), x_scale.at(x1), y_scale.up(y0), y_scale.up(y1)
        lines.append(f'<line class="stair" x1="{across0}" x2="{across0}" y1="{up0}" y2="{up1}"/>')
        lines.append(f'<line class="stair" x1="{across0}" x2="{across1}" y1="{up1}" y2="{up1}"/>')
    return "".join(lines)


def _mark(number: int, point: Point, in_pareto_set: bool, cost: Axis, x_scale: Scale, y_scale: Scale) -> str:
    paid = cost.value(point.comparison)
    x, y = x_scale.at(paid), y_scale.up(point.gain or 0.0)
    lines = ""
    bounds = cost.interval(point.comparison)
    if bounds:
        lines += _whisker(x_scale, bounds, y)
    if point.gain_interval:
        low, high = y_scale.up(point.gain_interval.low), y_scale.up(point.gain_interval.high)
        lines += f'<line class="thin" x1="{x}" x2="{x}" y1="{low}" y2="{high}"/>'
    title = f"{point.name}: gain {phrases.points(point.gain or 0.0)}, {cost.label} {phrases.points(paid)}"
    kind = "best" if in_pareto_set else "other"
    return (
        f'<g class="point {kind}">{lines}<circle cx="{x}" cy="{y}" r="10"><title>{escape(title)}</title></circle>'
        f'<text x="{x}" y="{y}" dy="4">{number}</text></g>'
    )


def _whisker(x_scale: Scale, bounds: Interval, y: str) -> str:
    return f'<line class="thin" x1="{x_scale.at(bounds.low)}" x2="{x_scale.at(bounds.high)}" y1="{y}" y2="{y}"/>'


def _points(points: Sequence[Point]) -> Html:
    names = list(dict.fromkeys(name for point in points for name in point.parameters))
    heads = ["", *(names or ["Training"]), "Target gain", "Held, mean", "Worst held", "", "p (any drop)", "Verdict"]
    first = len(heads) - 6
    rows = []
    for number, (point, best, p) in enumerate(
        zip(points, pareto(points), holm_over_points(points), strict=True), start=1
    ):
        settings = [point.parameters.get(name, "") for name in names] or [point.name]
        rows.append(
            [_number(number, best), *settings, *_numbers(point), Cell(phrases.probability(p), p), _decision(point)]
        )
    lede = "p is for a drop of any held skill, adjusted by Holm within each training and again over the sweep."
    heads_sorted = [tag("button", head, type="button") if head else "" for head in heads]
    listing = table(heads_sorted, rows, numeric=(first, first + 1, first + 2, first + 4))
    return section("trainings", "The trainings", lede, tag("div", listing, class_="panel sortable"))


def _number(number: int, in_pareto_set: bool) -> Html:
    return tag(
        "b", f"{number}\u00a0◆" if in_pareto_set else number, title="in the Pareto set" if in_pareto_set else None
    )


def _numbers(point: Point) -> list[object]:
    macro, worst = point.comparison.macro, point.worst
    gain = _change(point.gain, point.gain_interval)
    mean = _change(macro.difference, macro.interval) if macro else "–"
    return [
        gain,
        mean,
        *((_change(worst.difference, worst_interval(point.comparison)), worst.task) if worst else ("–", "")),
    ]


def _change(value: float | None, bounds: Interval | None) -> object:
    if value is None:
        return "–"
    return Cell(f"{phrases.points(value)} {phrases.interval(bounds)}" if bounds else phrases.points(value), value)


def _decision(point: Point) -> Html:
    look = phrases.DECISIONS[point.comparison.decision]
    return tag("b", f"{look.mark}\u00a0{look.word}", class_=f"tone-{look.tone}")


def _skills(points: Sequence[Point]) -> Html:
    tasks = list(dict.fromkeys(b.task for p in points for b in (*p.comparison.targets, *p.comparison.held)))
    heads = ["", "Training", *tasks]
    rows = []
    for number, point in enumerate(points, start=1):
        known = {b.task: b for b in point.comparison.benchmarks}
        cells = [_cell(known[task].difference) if task in known else Html("–") for task in tasks]
        rows.append([tag("b", number), point.name, *cells])
    lede = "Change in points of every skill in every training; vermillion is a drop, blue a gain."
    return section("matrix", "Every skill in every training", lede, tag("div", table(heads, rows), class_="panel"))


def _cell(difference: float) -> Html:
    return tag("span", phrases.points(difference), class_=f"tile cell num {step(difference)}")


def _effects(points: Sequence[Point]) -> Html:
    found = effects(points)
    if not found:
        return Html("")
    rows = [
        [
            e.parameter,
            e.value,
            e.points,
            phrases.points(e.gain) if e.gain is not None else "–",
            phrases.points(e.mean_cost) if e.mean_cost is not None else "–",
            phrases.points(e.worst_cost),
        ]
        for e in found
    ]
    heads = ("Parameter", "Value", "Trainings", "Target gain", "Held, mean", "Worst held")
    lede = "Plain averages over the trainings that share a value; exploratory, the other parameters vary within them."
    return section(
        "answers", "What each parameter did", lede, tag("div", table(heads, rows, numeric=(2, 3, 4, 5)), class_="panel")
    )
