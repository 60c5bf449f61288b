"""Training curves of a run: a trainer's log history grouped into panels, for uPlot in the page."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from holdfast.report.html import svg
from holdfast.report.html.html_builder import Html, section, tag

Log = Sequence[Mapping[str, Any]]
"""A trainer's `state.log_history`: one dict per logging step, with `step`."""

_MOST_STEPS = 4000
_MOST_PANELS = 16
_STILL = 200
_PANELS: tuple[tuple[str, str], ...] = (
    ("In-training measurement of the saved checkpoints: change in points", r"checkpoint/.+"),
    ("Loss", r"(eval_)?loss"),
    ("Reward", r"(eval_)?reward"),
    ("Reward parts", r"(eval_)?rewards/.+/mean|(eval_)?rewards/(?!.*std)[^/]+"),
    ("Spread of the reward", r"reward_std|rewards/.+/std|frac_reward_zero_std"),
    ("KL to the reference model", r"(objective/|eval_)?kl(/.*)?|.*approx_kl.*"),
    ("Completion length in tokens", r"completions/(mean|min|max)_(terminated_)?length"),
    ("Share of completions cut at the limit", r"completions/clipped_ratio"),
    ("Entropy", r"(eval_)?entropy"),
    ("Token accuracy", r"(eval_)?mean_token_accuracy"),
    ("Clipping", r"clip_ratio/.*"),
    ("Log probabilities", r"(eval_)?logps/.*"),
    ("Learning rate", r"learning_rate"),
    ("Gradient norm", r"grad_norm"),
)
_BORING = re.compile(
    r"step|epoch|train_loss|total_flos|num_tokens|.*(_runtime|_per_second|step_time|total_tokens)|num_input_tokens_seen|_.*"
)


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart: a title, x values (training steps) and its lines."""

    title: str
    x: list[float]
    series: list[tuple[str, list[float | None]]]

    def as_json(self) -> dict[str, Any]:
        """What the page's script reads."""
        lines = [{"name": name, "y": values} for name, values in self.series]
        return {"title": self.title, "x": self.x, "series": lines}


def panels(log: Log) -> list[Panel]:
    """The charts of a log history, the important ones first."""
    keys = list(dict.fromkeys(key for entry in log for key, value in entry.items() if _is_number(value)))
    free = [key for key in keys if not _BORING.fullmatch(key)]
    made = []
    for title, pattern in _PANELS:
        taken = [key for key in free if re.fullmatch(pattern, key)]
        free = [key for key in free if key not in taken]
        made.append(_panel(title, taken, log))
    made += [_panel(key, [key], log) for key in free]
    return [panel for panel in made if panel is not None][:_MOST_PANELS]


def curves(log: Log) -> Html:
    """The section with one place per chart (the page's script draws them); empty without a log."""
    charts = panels(log)
    if not charts:
        return Html("")
    notes = _notes(log)
    lede = (
        "What the trainer logged, by training step. The number beside a name is the value under the pointer, else the "
        "last one; drag to zoom, double-click to go back." + (f" {notes}" if notes else "")
    )
    places = [tag("div", class_="panel pad curve") for _ in charts]
    still = tag("noscript", tag("div", *map(_still, charts), class_="curves"))
    return section("training", "Training curves", lede, tag("div", *places, class_="curves scripted"), still)


def _still(panel: Panel) -> Html:
    """A chart for a browser without JavaScript: at most `_STILL` points a line."""
    values = [y for _, line in panel.series for y in line if y is not None]
    x_scale, y_scale = svg.Scale(panel.x[0], max(panel.x[-1], panel.x[0] + 1e-9), ()), svg.scale(values, 4)
    drawn = [*svg.horizontal(y_scale, lambda value: f"{value:.3g}")]
    drawn += [svg.below(x_scale, step, f"{step:g}") for step in dict.fromkeys((panel.x[0], panel.x[-1]))]
    names = []
    for number, (name, line) in enumerate(panel.series[:6]):
        known = [(x, y) for x, y in zip(panel.x, line, strict=True) if y is not None]
        stride = max(1, math.ceil(len(known) / _STILL))
        points = [(x_scale.at(x), y_scale.up(y)) for x, y in known[::stride]]
        drawn.append(f'<g class="line hue-{number}">{svg.line(points)}</g>')
        names.append(tag("span", tag("i", class_=f"swatch hue-{number}"), name))
    chart = Html(f'<svg class="lane chart" role="img" aria-label="by training step">{"".join(drawn)}</svg>')
    return tag("div", tag("h3", panel.title), tag("div", *names, class_="series"), chart, class_="panel pad curve")


def _panel(title: str, keys: Iterable[str], log: Log) -> Panel | None:
    names = list(keys)
    entries = [entry for entry in log if "step" in entry and any(_is_number(entry.get(name)) for name in names)]
    if not names or not entries:
        return None
    steps = sorted({float(entry["step"]) for entry in entries})
    stride = math.ceil(len(steps) / _MOST_STEPS)
    steps = steps[::stride]
    index_of = {step: i for i, step in enumerate(steps)}
    series: list[tuple[str, list[float | None]]] = [(name, [None] * len(steps)) for name in names]
    for entry in entries:
        at = index_of.get(float(entry["step"]))
        if at is not None:
            _fill(series, at, entry)
    return Panel(title, steps, series)


def _fill(series: list[tuple[str, list[float | None]]], at: int, entry: Mapping[str, Any]) -> None:
    for name, values in series:
        value = entry.get(name, math.nan)
        if _is_number(value) and math.isfinite(value):
            values[at] = float(value)


def _notes(log: Log) -> str:
    """What the curves do not show: values that are not finite, steps left out."""
    broken = sum(_is_number(v) and not math.isfinite(v) for entry in log for v in entry.values())
    notes = [f"{broken} logged values are not finite and leave gaps."] if broken else []
    steps = len({entry["step"] for entry in log if "step" in entry})
    if steps > _MOST_STEPS:
        notes.append(f"Every {math.ceil(steps / _MOST_STEPS)}th of {steps:,} steps is drawn.")
    return " ".join(notes)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
