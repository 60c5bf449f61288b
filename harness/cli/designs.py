"""The ways to measure that `holdfast plan cost=…` compares, as a table."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holdfast.compare.planning.cost import Design, Unit


def show_designs(ways: "Sequence[Design]", power: float, unit: "Unit") -> None:
    """Print every design with its expected cost of the run after, and the cheapest that does what is wanted."""
    from rich.console import Console
    from rich.table import Table

    from holdfast.compare.planning.cost import cheapest
    from holdfast.report.fitted import Fitted

    plain = ways[0]
    table = Table("way to measure", title="one run after, expected when nothing changed", title_justify="left")
    for name in ("items", "tokens", "decoded", "of all", "unchanged passes", "finds the effect", "run before, once"):
        table.add_column(name, justify="right")
    for way in ways:
        table.add_row(
            way.name,
            f"{way.items:,.0f}",
            f"{way.tokens:,.0f}",
            f"{way.decoded:,.0f}",
            f"{way.decoded / plain.tokens:.1%}",
            _share(way.passes),
            _share(way.finds),
            f"{way.before:,.0f}",
        )
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(Fitted(table))
    for way in ways:
        if way.whole:
            small = ", ".join(way.whole)
            console.print(f"{way.name} measures {small} whole: too small to stop beside the others.", highlight=False)
    best = cheapest(ways, unit)
    if best is None:
        line = f"No way reaches {power:.0%}: more items, a larger margin or a larger effect."
    else:
        line = f"Cheapest in {unit} that reaches {power:.0%}: {best.name} ({_sizes(best)})."
    console.print(line, highlight=False)


def _sizes(way: "Design") -> str:
    return ", ".join(f"{task} {size:,.0f}" for task, size in way.sizes.items())


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"
