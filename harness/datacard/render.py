"""What was found of a training set, as a terminal shows it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holdfast.datacard.contamination import Contamination

SHOWN = 5


def print_contamination(found: "Contamination") -> None:
    """A table per benchmark, the worst items with the rows that hold them, the rate."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(caption="whole: the prompt itself; mostly: 70 % of its 8-word pieces; passage: any 13 words in a row")
    for heading in ("task", "items", "whole", "mostly", "passage"):
        table.add_column(heading, justify="left" if heading == "task" else "right")
    for name, task in found.tasks.items():
        table.add_row(name, f"{task.items:,}", *(f"{count:,}" for count in (task.exact, task.share, task.passage)))
    console.print(table)
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
