"""A sweep's curve: gain and forgetting against a parameter that is a number, such as the share of replay.

The trainings that share a value (its seeds) are averaged. They answer the same items and start from one model, so their
errors go together: the interval of an average is the average of their intervals, not a narrower one. How far the
trainings themselves lie apart is told beside it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from holdfast.compare.result import Interval
from holdfast.report import phrases
from holdfast.report.html import svg
from holdfast.report.html.html_builder import Html, escape, section, table, tag
from holdfast.report.html.svg import Scale, scale
from holdfast.report.sweep.frontier import worst_interval
from holdfast.report.sweep.points import Point

FEWEST_VALUES = 3
SERIES = (
    ("gain", "best", "Target gain"),
    ("held_mean", "other", "Held, mean"),
    ("held_worst", "worst", "Worst held"),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """One average over the trainings of a value; score units."""

    mean: float
    interval: Interval | None
    lowest: float
    """The lowest reading of the trainings."""
    highest: float


@dataclass(frozen=True, slots=True)
class Stop:
    """One value of the parameter."""

    value: float
    trainings: int
    readings: dict[str, Reading]
    """By the names of SERIES, where there is one."""


def curves(points: Sequence[Point]) -> dict[str, list[Stop]]:
    """For each parameter whose values are three numbers or more: its stops, in order."""
    found = {}
    for name in dict.fromkeys(name for point in points for name in point.parameters):
        groups: dict[float, list[Point]] = {}
        for point in points:
            groups.setdefault(_number(point.parameters.get(name, "")), []).append(point)
        if len(groups) >= FEWEST_VALUES and not any(value != value for value in groups) and name != "seed":
            found[name] = [_stop(value, group) for value, group in sorted(groups.items())]
    return found


def as_json(points: Sequence[Point]) -> dict[str, Any]:
    """The curves in numbers (score units): parameter → stops."""
    return {name: [_stop_json(stop) for stop in stops] for name, stops in curves(points).items()}


def drawn(points: Sequence[Point]) -> Html:
    """A section per curve; empty when no parameter has one."""
    return Html("".join(_section(name, stops) for name, stops in curves(points).items()))


def _stop(value: float, group: Sequence[Point]) -> Stop:
    macros = [point.comparison.macro for point in group]
    named: dict[str, list[tuple[float | None, Interval | None]]] = {
        "gain": [(point.gain, point.gain_interval) for point in group],
        "held_mean": [(macro.difference, macro.interval) if macro else (None, None) for macro in macros],
        "held_worst": [(point.cost if point.worst else None, worst_interval(point.comparison)) for point in group],
    }
    readings = {name: reading for name, pairs in named.items() if (reading := _reading(pairs))}
    return Stop(value, len(group), readings)


def _reading(pairs: Sequence[tuple[float | None, Interval | None]]) -> Reading | None:
    values = [value for value, _ in pairs if value is not None]
    bounds = [bound for _, bound in pairs if bound is not None]
    if len(values) < len(pairs):
        return None
    whole = len(bounds) == len(pairs)
    middle = Interval(_mean([b.low for b in bounds]), _mean([b.high for b in bounds])) if whole else None
    return Reading(_mean(values), middle, min(values), max(values))


def _section(name: str, stops: Sequence[Stop]) -> Html:
    heads = [name, "Trainings", *(title for _, _, title in SERIES)]
    rows = [[f"{s.value:g}", s.trainings, *(_cell(s.readings.get(key)) for key, _, _ in SERIES)] for s in stops]
    lede = (
        f"Points gained and lost against {name}, averaged over the trainings that share its value, with the average of"
        " their intervals (they answer the same items) and, in brackets, the lowest and highest training. Filled:"
        " target gain; open: mean of the held skills; crossed: the worst one."
    )
    plot = tag("div", _plot(name, stops), class_="panel pad frontier")
    listing = tag("div", table(heads, rows, numeric=(0, 1, 2, 3, 4)), class_="panel")
    return section(f"curve-{name}", f"Against {name}", lede, plot, listing)


def _cell(reading: Reading | None) -> str:
    if reading is None:
        return "–"
    bounds = f" {phrases.interval(reading.interval)}" if reading.interval else ""
    return (
        f"{phrases.points(reading.mean)}{bounds} ({phrases.points(reading.lowest)} … {phrases.points(reading.highest)})"
    )


def _plot(name: str, stops: Sequence[Stop]) -> Html:
    x_scale = scale([stop.value for stop in stops])
    y_scale = scale([value for stop in stops for reading in stop.readings.values() for value in _extent(reading)])
    parts = [*_frame(name, x_scale, y_scale)]
    for key, kind, title in SERIES:
        seen = [(stop.value, stop.readings[key]) for stop in stops if key in stop.readings]
        parts += _line(seen, kind, title, x_scale, y_scale)
    label = f"Gain and forgetting against {name}"
    return Html(f'<svg class="lane scatter" role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>')


def _frame(name: str, x_scale: Scale, y_scale: Scale) -> Iterator[str]:
    yield from (svg.below(x_scale, value, f"{value:g}") for value in x_scale.ticks)
    yield from svg.horizontal(y_scale, phrases.points)
    yield from svg.titles(name)


def _line(
    readings: Sequence[tuple[float, Reading]], kind: str, title: str, x_scale: Scale, y_scale: Scale
) -> Iterator[str]:
    places = [(x_scale.at(value), y_scale.up(reading.mean), reading) for value, reading in readings]
    yield f'<g class="point {"best" if kind == "best" else "other"}">'
    yield svg.line([(x, y) for x, y, _ in places], "thin")
    for (x, y, reading), (value, _) in zip(places, readings, strict=True):
        if bounds := reading.interval:
            low, high = y_scale.up(bounds.low), y_scale.up(bounds.high)
            yield f'<line class="thin" x1="{x}" x2="{x}" y1="{low}" y2="{high}"/>'
        tooltip = escape(f"{title} at {value:g}: {_cell(reading)}")
        cross = f'<text x="{x}" y="{y}" dy="4">×</text>' if kind == "worst" else ""
        yield f'<circle cx="{x}" cy="{y}" r="6"><title>{tooltip}</title></circle>{cross}'
    yield "</g>"


def _stop_json(stop: Stop) -> dict[str, Any]:
    readings = {
        name: {
            "mean": one.mean,
            "interval": [one.interval.low, one.interval.high] if one.interval else None,
            "lowest": one.lowest,
            "highest": one.highest,
        }
        for name, one in stop.readings.items()
    }
    return {"value": stop.value, "trainings": stop.trainings, **readings}


def _extent(reading: Reading) -> list[float]:
    bounds = reading.interval
    return [reading.mean, *((bounds.low, bounds.high) if bounds else ())]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
