"""Skills along checkpoints, in the terminal."""

from rich.table import Table

from holdfast.compare.trend import TaskTrend, Trend
from holdfast.report import phrases

_BARS = "▁▂▃▄▅▆▇█"


def table(trend: Trend) -> Table:
    """A row per benchmark: its means as a line of bars, the fitted change with its interval, what is proven."""
    first, last = trend.runs[0], trend.runs[-1]
    title = (
        f"Along the {len(trend.runs)} runs, {first} … {last} (points; Holm over the benchmarks; no part of the verdict)"
    )
    found = Table("benchmark", title=title, title_justify="left", box=None, pad_edge=False)
    for name, justify in (("", "left"), ("first", "right"), ("last", "right"), ("fitted change", "right")):
        found.add_column(name, justify=justify)  # type: ignore[arg-type]
    found.add_column("p", justify="right")
    found.add_column("")
    for one in sorted(trend.tasks, key=lambda task: task.change):
        found.add_row(
            one.task,
            bars(one),
            f"{100 * one.means[0]:.1f}",
            f"{100 * one.means[-1]:.1f}",
            f"{phrases.points(one.change)} {phrases.interval(one.interval)}",
            phrases.probability(one.p),
            {"falls": "falls", "rises": "rises", "open": "no proven trend"}[one.direction],
        )
    return found


def bars(task: TaskTrend) -> str:
    """The means as bars between the lowest and the highest, but never over less than five points."""
    low, high = min(task.means), max(task.means)
    span = max(high - low, 0.05)
    return "".join(_BARS[min(len(_BARS) - 1, int((mean - low) / span * len(_BARS)))] for mean in task.means)
