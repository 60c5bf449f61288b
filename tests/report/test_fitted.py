"""Tables in terminals of any width: no figure and no word is cut, and nothing is wider than the terminal."""

import io
import re
from collections.abc import Callable

import pytest
from helpers.report_samples import full
from rich.console import Console, RenderableType
from rich.table import Table

from holdfast.compare.planning.power import Bench, Requirements, make_plan
from holdfast.report import phrases, terminal
from holdfast.report.fitted import Fitted
from holdfast.report.sweep.frontier import table as frontier
from holdfast.report.sweep.side_by_side import table as side_by_side

WIDTHS = (24, 30, 40, 50, 60, 72, 80, 100, 112, 120, 200)


def _shown(what: RenderableType, width: int) -> list[str]:
    stream = io.StringIO()
    Console(width=width, file=stream, highlight=False).print(what)
    return stream.getvalue().splitlines()


def _made() -> Table:
    table = Table("name", title="A title of some length", caption="and a caption")
    for head in ("first figure", "second", ""):
        table.add_column(head, justify="right")
    table.add_row("a_benchmark_with_a_name", "12,345.67", "−10.5 [−12.25, −8.75]", "chosen")
    table.add_row("short", "–", "+1.0", "")
    return table


TABLES: dict[str, Callable[[], RenderableType]] = {
    "made": lambda: Fitted(_made()),
    "frontier": lambda: Fitted(frontier([full(), full()])),
    "side by side": lambda: Fitted(side_by_side({"one": full(), "two": full()}, "Skills")),
    "comparison": lambda: terminal(full()),
}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", TABLES)
def test_nothing_is_cut_and_nothing_is_too_wide(name: str, width: int) -> None:
    lines = _shown(TABLES[name](), width)
    assert not [line for line in lines if "…" in line]
    if name != "comparison":  # whose commands stay whole
        assert max(map(len, lines)) <= width


@pytest.mark.parametrize("width", WIDTHS)
def test_every_figure_of_a_comparison_is_there(width: int) -> None:
    shown = " ".join(" ".join(_shown(terminal(full()), width)).split())
    for one in full().benchmarks:
        assert phrases.points(one.difference) in shown, one.task
        for bound in phrases.interval(one.interval).strip("[]").split(", "):
            assert bound in shown, (one.task, bound)


@pytest.mark.parametrize(("width", "tabular"), [(40, False), (200, True)])
def test_rows_stand_below_each_other_only_where_a_table_has_no_room(width: int, tabular: bool) -> None:
    lines = _shown(TABLES["made"](), width)
    assert any("┃" in line for line in lines) == tabular
    joined = " ".join(" ".join(lines).split())
    assert "12,345.67" in joined and "A title of some length" in joined and "and a caption" in joined
    assert tabular or "first figure 12,345.67 · second −10.5 [−12.25, −8.75] · chosen" in joined


def test_a_plan_is_read_at_forty_columns(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from holdfast.cli import plan

    made = make_plan("quick", [Bench("ifeval", 200), Bench("a_long_name_of_a_benchmark", 2_500)], Requirements())
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    plan._show(made, has_requirements=False)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert "…" not in shown and "items 2,500" in shown and max(map(len, shown.splitlines())) <= 40
