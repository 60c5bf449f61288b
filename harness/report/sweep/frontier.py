"""Several comparisons with one measurement before: what each gained against what it cost, with honest intervals.

The points, the Pareto set and Holm over the points are those of `holdfast.report.sweep.points`; here is what picking
the worst of K skills does to its interval.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scipy import special

from holdfast.compare.result import Benchmark, Comparison, Interval
from holdfast.report.sweep.points import Point, axis, holm_over_points, pareto
from holdfast.stats.interval import score_interval

if TYPE_CHECKING:
    from rich.table import Table


def points_of(comparisons: Sequence[Comparison]) -> list[Point]:
    """A point per comparison, named after the run after."""
    return [Point(comparison.after.name, comparison) for comparison in comparisons]


def worst_interval(comparison: Comparison) -> Interval | None:
    """An interval of the worst held skill's true change that allows for its having been picked.

    min_k of the K skills' simultaneous limits (each at confidence 1 − (1 − c)/K): all K hold together with probability
    ≥ c, and then the smallest true change lies between the smallest lower and the smallest upper limit. None without a
    held skill.
    """
    held = comparison.held
    if not held:
        return None
    level = 1 - (1 - comparison.confidence) / len(held)
    limits = [_widened(one, comparison.confidence, level) for one in held]
    return Interval(min(limit.low for limit in limits), min(limit.high for limit in limits))


def _widened(benchmark: Benchmark, confidence: float, level: float) -> Interval:
    """A benchmark's interval at another level: anew for a 0/1 table, else in proportion of normal quantiles."""
    table = benchmark.forgetting
    if table is not None and benchmark.clusters is None:
        low, high = score_interval(table.lost, table.gained, benchmark.n, level)
        return Interval(float(low), float(high))
    ratio = float(special.ndtri(0.5 + level / 2) / special.ndtri(0.5 + confidence / 2))
    middle, bounds = benchmark.difference, benchmark.interval
    return Interval(middle - (middle - bounds.low) * ratio, middle + (bounds.high - middle) * ratio)


def table(comparisons: Sequence[Comparison]) -> "Table":
    """Points as a `rich` table: gain, mean and worst change of the held skills, Holm over the points, Pareto set."""
    from rich.table import Table

    points = points_of(comparisons)
    made = Table(
        "run",
        "gain",
        "held, mean",
        "held, worst",
        "p (Holm over runs)",
        "",
        title="All runs, in points",
        caption=f"Pareto: gain against the {axis(points).label}",
    )
    for point, best, p in zip(points, pareto(points), holm_over_points(points), strict=True):
        macro = point.comparison.macro
        made.add_row(
            point.name,
            "–" if point.gain is None else f"{100 * point.gain:+.1f}",
            "–" if macro is None else _with_interval(macro.difference, macro.interval),
            _worst(point),
            f"{p:.2g}",
            "Pareto" if best else "",
        )
    return made


def _worst(point: Point) -> str:
    bounds = worst_interval(point.comparison)
    if point.worst is None or bounds is None:
        return "–"
    return f"{point.worst.task} {_with_interval(point.worst.difference, bounds)}"


def _with_interval(value: float, bounds: Interval) -> str:
    return f"{100 * value:+.1f} [{100 * bounds.low:+.1f}, {100 * bounds.high:+.1f}]"
