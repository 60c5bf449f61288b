"""What was found of a training set, as a terminal shows it."""

from typing import TYPE_CHECKING

from holdfast.report.html.html_builder import visible
from holdfast.trainers.data.card.parts import Part, facts_about, parts

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from holdfast.trainers.data.card.card import Card
    from holdfast.trainers.data.overlap.contamination import Contamination

SHOWN = 5
_BAR = 40


def print_card(card: "Card") -> None:
    """The warnings, then the card's parts."""
    from rich.console import Console

    console = Console(highlight=False)
    print_findings(card, console)
    for label, value in facts_about(card):
        _say(console, f"{label:<8} {value}")
    for part in parts(card):
        console.print()
        _say(console, part.title, "bold")
        _say(console, part.lede, "dim")
        for label, value in part.facts:
            _say(console, f"  {label}: {value}")
        if part.table:
            console.print(_table(part))
        for label, share, value in part.bars:
            bar = "█" * round(_BAR * share) or "▏"
            _say(console, f"  {label[:24]:<24} {bar} {value}")
    _say(console, f"\nread in {card.seconds:.1f} s", "dim")


def print_findings(card: "Card", console: "Console") -> None:
    """One line a finding, what breaks training first."""
    _say(console, card.sentence(), "bold")
    marks = {"breaks": ("✗ breaks", "red"), "look": ("○ look at", "yellow")}
    for finding in card.findings:
        mark, colour = marks[finding.level]
        console.print(f"[{colour}]{mark}[/{colour}] ", end="")
        _say(console, finding.sentence())
    console.print()


def _say(console: "Console", text: str, style: str = "") -> None:
    console.print(visible(text), style=style, markup=False, soft_wrap=True)


def _table(part: Part) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for number, heading in enumerate(part.heads):
        table.add_column(heading, justify="right" if number and not part.words else "left", overflow="fold")
    for row in part.table:
        table.add_row(*(Text(visible(cell)) for cell in row))
    return table


def print_contamination(found: "Contamination") -> None:
    """A table per benchmark, the worst items with the rows that hold them, the rate."""
    from rich.console import Console
    from rich.table import Table

    from holdfast.report.fitted import Fitted

    console = Console()
    table = Table(caption="whole: the prompt itself; mostly: 70 % of its 8-word pieces; passage: any 13 words in a row")
    for heading in ("task", "items", "whole", "mostly", "passage"):
        table.add_column(heading, justify="left" if heading == "task" else "right")
    for name, task in found.tasks.items():
        table.add_row(name, f"{task.items:,}", *(f"{count:,}" for count in (task.exact, task.share, task.passage)))
    console.print(Fitted(table))
    for name, task in found.tasks.items():
        for one in task.found[:SHOWN]:
            share = "" if one.share is None else f", {one.share:.0%} of its pieces"
            kind = "whole" if one.exact else "passage" if one.passage else "mostly"
            console.print(
                f"{name} {one.doc_id} ({kind}{share}) in {one.where}: {one.text}", markup=False, soft_wrap=True
            )
    if found.unchecked:
        console.print(f"not checked (lm-eval's own tasks): {', '.join(found.unchecked)}", markup=False)
    console.print(found.sentence(), markup=False, soft_wrap=True)
    console.print(f"{found.rows:,} rows, {found.rows_per_second:,.0f} rows/s (index: {found.index_seconds:.1f} s)")
