"""The parts of `holdfast.report.training_events` as sections of the page, each with its chart (SVG)."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from holdfast.report import phrases
from holdfast.report.html import svg
from holdfast.report.html.html_builder import Html, escape, section, table, tag
from holdfast.report.html.svg import Scale, scale
from holdfast.report.training_events import Part, Record, alarms, parts

_HUES = 6
"""Colours of lines; skills beyond them are drawn grey."""
_FEW = 2


def story(extras: Mapping[str, Any]) -> list[Html]:
    """A section per part there is."""
    return [_section(part) for part in parts(extras)]


def _section(part: Part) -> Html:
    kinds = {"guard": ("during", _during), "bisect": ("broke", _broke), "mend": ("cure", _cure)}
    key, chart = kinds[part.key]
    sentences = tag("ul", *(tag("li", text) for text in part.sentences), class_="told")
    drawn = chart(part.record) if part.record is not None and part.rows else Html("")
    numeric = [i for i, head in enumerate(part.heads) if head in _NUMERIC]
    listing = tag("div", table(part.heads, part.rows, numeric), class_="panel") if part.rows else ""
    return section(key, part.title, part.lede, sentences, drawn, listing)


_NUMERIC = (
    "Looks",
    "Items",
    "Lost",
    "Gained",
    "Change in points, last look",
    "Strongest evidence",
    "Change in points there",
    "p",
    "Gain",
    "Held skills, mean",
)


def _during(record: Record) -> Html:
    """Evidence (log scale) and change of every skill by step."""
    looks = record["looks"]
    if len(looks) < _FEW:
        return Html("")
    strongest = {t: max((k["skills"][t]["e"] for k in looks if t in k["skills"]), default=0.0) for t in record["tasks"]}
    order = sorted(record["tasks"], key=lambda task: -strongest[task])
    alarm = _log(record["threshold"])
    # Beyond a millionth of a doubt more evidence is the same: the alarm's line stays where it can be seen.
    e_values = {
        t: [(k["step"], min(_log(k["skills"][t]["e"]), alarm + 6)) for k in looks if t in k["skills"]] for t in order
    }
    changes = {
        t: [(k["step"], (k["skills"][t]["now"] - k["skills"][t]["before"]) / 100) for k in looks if t in k["skills"]]
        for t in order
    }
    acted = _mark(record)
    first = _panel(
        "Evidence of a loss beyond the margin",
        _lines(e_values, [(alarm, f"alarm at {record['threshold']:g}")], acted, _power),
    )
    second = _panel("Change in points, items of each look", _lines(changes, [(0.0, "")], acted, phrases.points))
    legend = tag("div", *(_name(i, task) for i, task in enumerate(order)), class_="legend")
    return tag("div", tag("div", first, second, class_="curves"), legend, class_="story")


def _mark(record: Record) -> tuple[int, str] | None:
    """Step and name of the line across the charts: where the guard stopped the training, or warned first."""
    if not record["acted"]:
        return None
    if record["acted"]["policy"] == "warn":
        return alarms(record)[0][0], "first alarm"
    return record["acted"]["step"], "guard acted"


def _log(value: float) -> float:
    """log₁₀, of no less than a hundredth: less evidence than that is all the same."""
    return math.log10(max(value, 0.01))


def _power(exponent: float) -> str:
    """Tick of a log axis; only whole powers have one."""
    whole = round(exponent)
    if abs(exponent - whole) > 1e-6:
        return ""
    return {-2: "0.01", -1: "0.1", 0: "1", 1: "10", 2: "100", 3: "1000"}.get(whole, f"1e{whole}")


def _panel(title: str, drawing: Html) -> Html:
    return tag("div", tag("h3", title), drawing, class_="panel pad")


def _name(number: int, task: str) -> Html:
    return tag("span", tag("i", class_=f"swatch {_hue(number)}"), task)


def _hue(number: int) -> str:
    return f"hue-{number}" if number < _HUES else "hue-rest"


def _lines(
    series: Mapping[str, Sequence[tuple[float, float]]],
    rules: Sequence[tuple[float, str]],
    acted: tuple[int, str] | None,
    label: Any,
) -> Html:
    """Lines over steps, with dashed rules across and a mark where the guard acted."""
    values = [y for points in series.values() for _, y in points] + [at for at, _ in rules]
    steps = [x for points in series.values() for x, _ in points]
    x_scale, y_scale = Scale(min(steps), max(steps), ()), scale(values, 5)
    middle = (min(steps) + max(steps)) / 2
    drawn = [*svg.horizontal(y_scale, label), *_steps(x_scale, steps)]
    if acted is not None:
        x = x_scale.at(acted[0])
        side = "unit" if float(x[:-1]) > 50 else "first"
        drawn.append(f'<line class="acted" x1="{x}" x2="{x}" y1="0" y2="100%"/>')
        drawn.append(f'<text class="{side}" x="{x}" y="0" dy="-6">{acted[1]}</text>')
    for at, caption in rules:
        y = y_scale.up(at)
        drawn.append(f'<line class="edge" x1="0" x2="100%" y1="{y}" y2="{y}"/>')
        side, x = ("unit", "100%") if acted and acted[0] < middle else ("first", "0")
        drawn.append(f'<text class="{side}" x="{x}" y="{y}" dy="-5">{escape(caption)}</text>')
    for number, (task, points) in reversed(list(enumerate(series.items()))):
        drawn.append(_line(number, task, points, x_scale, y_scale))
    return Html(f'<svg class="lane chart" role="img" aria-label="by training step">{"".join(drawn)}</svg>')


def _line(number: int, task: str, points: Sequence[tuple[float, float]], x_scale: Scale, y_scale: Scale) -> str:
    made = [(x_scale.at(x), y_scale.up(y)) for x, y in points]
    lines = svg.line(made)
    dots = "".join(f'<circle cx="{x}" cy="{y}" r="2.5"/>' for x, y in made)
    return f'<g class="line {_hue(number)}"><title>{escape(task)}</title>{lines}{dots}</g>'


def _steps(x_scale: Scale, steps: Sequence[float]) -> Iterator[str]:
    """Labels of the last step, the first, and those between that leave a fifth of the width to the others."""
    known = sorted(set(steps))
    shown = [known[-1]]
    for step in known:
        if all(abs(step - other) >= 0.2 * (x_scale.high - x_scale.low) - 1e-9 for other in shown):
            shown.append(step)
    for step in shown:
        yield svg.below(x_scale, step, f"{step:g}")


def _broke(record: Record) -> Html:
    """A lane per skill over the steps: where it was looked at, and between which checkpoints it broke."""
    steps = [0, *record["checkpoints"]]
    if len(steps) < _FEW or not record["breaks"]:
        return Html("")
    x_scale = Scale(0, max(steps), ())
    rows = [_timeline(one, record["looks"], x_scale) for one in record["breaks"]]
    axis = Html(f'<svg class="lane" aria-hidden="true">{"".join(_steps(x_scale, steps)).replace("100%", "0")}</svg>')
    foot = tag("div", tag("div", "step", class_="soft"), tag("div", axis, class_="plot"), class_="trow axis")
    keys = Html(
        '<div class="legend" aria-hidden="true">'
        '<span><svg><circle class="key hollow tone-good" cx="13" cy="6" r="4"/></svg>held</span>'
        '<span><svg><circle class="key tone-lost" cx="13" cy="6" r="4"/></svg>broken</span>'
        '<span><svg><rect class="key between" width="26" height="12"/></svg>'
        "it broke in between, most likely where darker</span></div>"
    )
    return tag("div", tag("div", *rows, foot, class_="panel timeline"), keys, class_="story")


def _timeline(one: Record, looks: Record, x_scale: Scale) -> Html:
    task, drawn = one["task"], ['<line class="grid" x1="0" x2="100%" y1="50%" y2="50%"/>']
    if one["broken_at"] is not None:
        drawn += [_span(x_scale, one[start], one["broken_at"]) for start in ("clear_at", "held_at")]
    drawn.append(_look_mark(x_scale.at(0), broken=False, text="base model"))
    for step, tasks in sorted(looks.items(), key=lambda pair: int(pair[0])):
        if task in tasks:
            seen = tasks[task]
            title = f"step {step}: {phrases.points(seen['difference'])} points"
            drawn.append(_look_mark(x_scale.at(float(step)), seen["verdict"] in ("REGRESSED", "BEYOND_MARGIN"), title))
    label = escape(one["sentence"])
    svg_row = Html(f'<svg class="lane" role="img" aria-label="{label}">{"".join(drawn)}</svg>')
    return tag("div", tag("div", task, class_="name"), tag("div", svg_row, class_="plot"), class_="trow")


def _span(x_scale: Scale, start: int, end: int) -> str:
    """Two of them, from where it surely held and from where no drop was proven: darker where both lie."""
    left, right = x_scale.at(start), x_scale.at(end)
    return (
        f'<rect class="between" x="{left}" width="{float(right[:-1]) - float(left[:-1]):.2f}%" y="20%" height="60%"/>'
    )


def _look_mark(x: str, broken: bool, text: str) -> str:
    kind, tone = ("dot", "lost") if broken else ("open", "good")
    title = f"<title>{escape(text)}</title>"
    return f'<g class="tone-{tone}"><circle class="{kind}" cx="{x}" cy="50%" r="6">{title}</circle></g>'


def _cure(record: Record) -> Html:
    """Gain against the change of the held skills, a dot per point, green where the gate passes."""
    found = record["points"]
    if len(found) < _FEW:
        return Html("")
    x_scale = scale([point["held"] for point in found] + [-record["margin"] / 100])
    y_scale = scale([point["gain"] for point in found])
    margin = x_scale.at(-record["margin"] / 100)
    drawn = [*svg.horizontal(y_scale, phrases.points), *svg.vertical(x_scale, label=phrases.points)]
    drawn.append(f'<line class="edge" x1="{margin}" x2="{margin}" y1="0" y2="100%"/>')
    drawn += [_dot(point, point["name"] == record["chosen"], x_scale, y_scale) for point in found]
    drawn += svg.titles("change of the held skills, mean, in points", "gain on the target, in points")
    plot = Html(f'<svg class="lane scatter cure" role="img" aria-label="gain against cost">{"".join(drawn)}</svg>')
    return tag("div", tag("div", plot, class_="panel pad frontier"), _cure_legend(), class_="story")


def _dot(point: Record, chosen: bool, x_scale: Scale, y_scale: Scale) -> str:
    tone = {"PASS": "good", "REGRESSED": "lost"}.get(point["decision"], "warn")
    x, y = x_scale.at(point["held"]), y_scale.up(point["gain"])
    ring = f'<circle class="ring" cx="{x}" cy="{y}" r="11"/>' if chosen else ""
    kind = "dot" if point["decision"] == "PASS" else "open"
    name = escape(point["name"])
    label = f'<text class="first" x="{x}" y="{y}" dx="13" dy="4">{name}</text>' if chosen else ""
    dot = f'<circle class="{kind}" cx="{x}" cy="{y}" r="6"><title>{name}</title></circle>'
    return f'<g class="tone-{tone}">{ring}{dot}{label}</g>'


def _cure_legend() -> Html:
    keys = (
        ("good", "key", "passes the gate"),
        ("lost", "key hollow", "regressed"),
        ("warn", "key hollow", "undecided"),
    )
    spans = "".join(
        f'<span><svg class="tone-{tone}"><circle class="{kind}" cx="13" cy="6" r="4"/></svg>{caption}</span>'
        for tone, kind, caption in keys
    )
    dash = '<span><svg><line class="key dash" x1="13" x2="13" y1="0" y2="12"/></svg>margin</span>'
    return Html(f'<div class="legend" aria-hidden="true">{spans}{dash}</div>')
