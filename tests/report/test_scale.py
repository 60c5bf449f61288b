"""Scales: one row that reaches far does not squeeze the others; what is cut says so."""

from itertools import pairwise

from helpers.made_runs import made_comparison

from holdfast.report.console import plot
from holdfast.report.html.forest import forest
from holdfast.report.html.svg import row_scale, scale

ROWS = [(-0.02, 0.01), (-0.015, 0.02), (-0.03, 0.0), (-0.7, -0.4)]


def test_an_outlier_is_cut_at_the_edge() -> None:
    axis = row_scale(ROWS, [-0.01])
    assert axis.low >= -0.1 and axis.beyond(-0.4) == -1 and axis.beyond(0.02) == 0
    assert float(axis.at(-0.02)[:-1]) > 20
    alike = row_scale(ROWS[:3])
    assert (alike.low, alike.high) == (scale([v for row in ROWS[:3] for v in row]).low, alike.high)


def test_no_tick_stands_at_another_value() -> None:
    """A tick beyond a cut scale would be drawn at its edge."""
    for rows in (ROWS, [*ROWS[:3], (0.19, 0.24)], [(-0.138, -0.076), (-0.06, 0.025), (-0.02, -0.007), (0.189, 0.243)]):
        axis = row_scale(rows, [-0.01])
        assert axis.ticks and all(axis.low <= tick <= axis.high for tick in axis.ticks)
        steps = {round(float(b[:-1]) - float(a[:-1]), 1) for a, b in pairwise(map(axis.at, axis.ticks))}
        assert max(steps) - min(steps) <= 0.2


def test_two_rows_are_both_shown() -> None:
    assert row_scale([(-0.02, 0.01), (-0.7, -0.4)]).beyond(-0.7) == 0


def test_cut_rows_point_to_where_they_go_on(tmp_path) -> None:  # type: ignore[no-untyped-def]
    tasks = {f"b{i}": (1_000, 600, 40, 40) for i in range(4)} | {"far": (200, 150, 120, 1)}
    comparison = made_comparison(tmp_path, tasks)
    drawn = forest(comparison)
    assert 'd="M-9 0L0 -6V6z"' in drawn and "−59.5" in drawn
    far = comparison.benchmark("far")
    line = plot(far.difference, far.interval, far.margin, row_scale(ROWS))
    assert line.startswith("◀") and "●" not in line


def test_the_band_is_what_is_accepted_and_nothing_else(tmp_path) -> None:  # type: ignore[no-untyped-def]
    tasks = {f"b{i}": (1_000, 600, 40, 40) for i in range(3)}
    without = forest(made_comparison(tmp_path / "1", tasks))
    assert 'class="band"' not in without and "whatever its size" in without
    assert 'class="band"' in forest(made_comparison(tmp_path / "2", tasks, min_effect=0.01))
