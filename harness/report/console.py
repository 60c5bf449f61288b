"""The report in a terminal: the verdict, then one line per benchmark with a small forest plot."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from holdfast.compare.result import Benchmark, Comparison, Interval, Omnibus
from holdfast.quantities import count
from holdfast.report import phrases
from holdfast.report.fitted import Fitted
from holdfast.report.html.forest import forest_scale
from holdfast.report.html.html_builder import visible
from holdfast.report.html.svg import Scale
from holdfast.report.training_events import Part, parts

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.table import Table
    from rich.text import Text

_STYLES = {"lost": "bold red", "good": "green", "gained": "cyan", "warn": "yellow", "flat": "dim"}
_PLOT, _SMALL_PLOT = 25, 17
_WIDE, _FITS = 112, 80
"""Columns from which everything, and from which the plot has room."""
_ROLES = {"target": "trained for", "held": "held skills", "ignored": "not judged"}


@dataclass(frozen=True, slots=True)
class Shape:
    """What the width leaves room for."""

    axis: Scale
    drawn: bool
    whole: bool

    @property
    def plot(self) -> int:
        """Columns of the plot."""
        return _PLOT if self.whole else _SMALL_PLOT

    @property
    def scores(self) -> bool:
        """Whether items and scores are shown."""
        return self.whole or not self.drawn

    def ends(self, result: Benchmark | Omnibus) -> "list[RenderableType]":
        """Items, before and after."""
        if not self.scores:
            return []
        return [count(result.n), f"{phrases.score(result.before)} → {phrases.score(result.after)}"]

    def line(self, result: Benchmark | Omnibus, style: str, mark: str = "●") -> "list[RenderableType]":
        """The plot of one row."""
        from rich.text import Text

        if not self.drawn:
            return []
        return [Text(plot(result.difference, result.interval, result.margin, self.axis, mark, self.plot), style=style)]


class Terminal:
    """The renderable: fits itself to the width it is given."""

    def __init__(self, comparison: Comparison, extras: Mapping[str, Any] | None = None) -> None:
        self.comparison = comparison
        self.extras = extras or {}

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "Iterator[RenderableType]":
        """Verdict, models, table, warnings, the gate's demands. Names are plain text, never `rich` markup."""
        from rich.text import Text

        comparison = self.comparison
        look = phrases.DECISIONS[comparison.decision]
        headline = Text(f"{look.mark} {look.word.upper()}  ", style=_STYLES[look.tone])
        yield headline.append(visible(phrases.sentence(comparison)), style="bold")
        yield Text(visible(phrases.title(comparison)), style="dim")
        yield Text()
        yield Fitted(_table(comparison, options.max_width))
        for note in filter(None, map(phrases.one_sided, comparison.benchmarks)):
            yield Text(visible(note), style="dim")
        for advice in comparison.advice:
            sentence, command = phrases.advised(visible(advice))
            yield Text(f"→ {sentence}")
            for line in phrases.command_lines(command, options.max_width - 2):
                yield Text(f"  {line}", no_wrap=True, overflow="ignore")
        for warning in comparison.warnings:
            yield Text(f"! {visible(warning)}", style="yellow")
        for check in comparison.checks:
            yield _check(check.name, check.text, check.passed)
        for part in parts(self.extras):
            yield Text()
            yield Text(part.title, style="bold")
            for line in part.sentences:
                yield Text(f"  {visible(line)}")
            if part.key == "mend" and part.rows:
                yield Fitted(_points(part))


def _points(part: Part) -> "Table":
    """The points of mend's frontier as a table."""
    from rich.table import Table
    from rich.text import Text

    table = Table(*part.heads, box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 2))
    for row in part.rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    return table


def _table(comparison: Comparison, width: int) -> "Table":
    """From 112 columns on everything; from 80 on without items and scores, so that the plot fits; below no plot."""
    from rich.table import Table

    shape = Shape(forest_scale(comparison), drawn=width >= _FITS, whole=width >= _WIDE)
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2 if shape.whole else 1, 0, 0))
    table.add_column("benchmark", overflow="fold", min_width=10)
    if shape.scores:
        table.add_column("items", justify="right")
        table.add_column("before → after", justify="right", no_wrap=True)
    if shape.drawn:
        table.add_column("change in points", no_wrap=True, width=shape.plot)
    level = phrases.level(comparison.confidence)
    table.add_column(f"change, {level} interval" if shape.whole else "change", justify="right", no_wrap=shape.drawn)
    table.add_column("verdict")
    for role, heading in _ROLES.items():
        group = sorted((b for b in comparison.benchmarks if b.role == role), key=lambda b: b.difference)
        if group:
            table.add_row(_dim(heading))
        for benchmark in group:
            table.add_row(*_cells(benchmark, shape))
        if role == "held" and comparison.macro and len(group) > 1:
            table.add_row(*_macro_cells(comparison.macro, shape))
    return table


def _cells(benchmark: Benchmark, shape: Shape) -> "list[RenderableType]":
    from rich.text import Text

    look = phrases.VERDICTS[benchmark.verdict]
    lacking = phrases.lacking(benchmark) if shape.scores else ""
    return [
        Text(f"  {visible(benchmark.task)}" if shape.whole else visible(benchmark.task)),
        *shape.ends(benchmark),
        *shape.line(benchmark, _STYLES[look.tone]),
        _change(benchmark.difference, benchmark.interval),
        Text(f"{look.mark} {look.word}{f' ({lacking})' if lacking else ''}", style=_STYLES[look.tone]),
    ]


def _macro_cells(macro: Omnibus, shape: Shape) -> "list[RenderableType]":
    from rich.text import Text

    mark, style = ("●", _STYLES["good"]) if macro.non_inferior else ("○", _STYLES["warn"])
    says = f"{mark} margin of {phrases.size(macro.margin)} {'kept' if macro.non_inferior else 'not kept'}"
    if macro.regressed:
        says, style = "▼ Regressed", _STYLES["lost"]
    return [
        Text("  mean" if shape.whole else "mean", style="bold"),
        *shape.ends(macro),
        *shape.line(macro, "bold", "◆"),
        _change(macro.difference, macro.interval),
        Text(says, style=style),
    ]


def plot(value: float, bounds: Interval, margin: float, axis: Scale, mark: str = "●", width: int = _PLOT) -> str:
    """A line of `width` characters: │ at 0, ┊ at the margin, ├──●──┤ the interval and the estimate."""

    def place(at: float) -> int:
        return min(width - 1, max(0, round(float(axis.at(at)[:-1]) / 100 * (width - 1))))

    line = [" "] * width
    if not axis.beyond(-margin):
        line[place(-margin)] = "┊"
    line[place(0)] = "│"
    low, high = place(bounds.low), place(bounds.high)
    for i in range(low, high + 1):
        line[i] = "─"
    ends = {-1: "◀", 1: "▶"}
    line[high] = ends.get(axis.beyond(bounds.high), "┤")
    line[low] = ends.get(axis.beyond(bounds.low), "├")
    if not axis.beyond(value):
        line[place(value)] = mark
    return "".join(line)


def _change(difference: float, bounds: Interval) -> "Text":
    from rich.text import Text

    cell = Text(phrases.points(difference), style="bold")
    cell.append(f" {phrases.interval(bounds)}", style="dim")
    return cell


def _check(name: str, text: str, passed: bool | None) -> "Text":
    from rich.text import Text

    mark, style = {True: ("✓", "green"), False: ("✗", "bold red"), None: ("○", "yellow")}[passed]
    return Text(visible(f"{mark} {name}: {text}"), style=style)


def _dim(text: str) -> "Text":
    from rich.text import Text

    return Text(text, style="dim italic")
