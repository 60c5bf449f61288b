"""Cure a regression without training: walk the weights between the base and the tuned model.

  holdfast mend runs/a                          measures a few points, confirms the best one that passes
  holdfast mend runs/a weights=[0.3,0.6,0.9] margin=2

keys
  weights=[…]   points of the line, 0 the base model, 1 the tuned one (default 0.25, 0.5, 0.7, 0.85, 1)
  margin=POINTS a drop of the held skills' mean that must be ruled out (default: the run's)

Points are judged on one half of the items, the chosen one is confirmed on the other. Writes mend/ in the run:
mend.json (the frontier), checkpoint/ and report.*. Exit code: the confirmation's verdict; 1 when no point passes.
"""

import contextlib
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.cli.grammar import Flags
from holdfast.errors import EXIT_REGRESSED, UsageError

if TYPE_CHECKING:
    from holdfast.trainers.mend import Mended


@dataclass(frozen=True)
class Options:
    """Keys of `holdfast mend`."""

    weights: list[float] | None = None
    margin: float | None = None


def run(paths: list[str], options: Options, flags: Flags) -> int:
    """Mend one run."""
    from holdfast.trainers.mend import DEFAULT_WEIGHTS, mend

    if len(paths) != 1:
        raise UsageError(f"`holdfast mend` takes one run directory, not {len(paths)}")
    with contextlib.redirect_stdout(sys.stderr):
        mended = mend(Path(paths[0]), options.weights or DEFAULT_WEIGHTS, options.margin)
    if flags.json:
        points = [asdict(point) for point in mended.points]
        confirmation = mended.confirmation.to_json() if mended.confirmation else None
        chosen = mended.chosen.weight if mended.chosen else None
        print(json.dumps({"out": str(mended.out), "points": points, "chosen": chosen, "confirmation": confirmation}))
    else:
        _show(mended)
    return mended.confirmation.exit_code if mended.confirmation else EXIT_REGRESSED


def _show(mended: "Mended") -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table("weight", "gain", "held skills", "worst", "selection half", title="between base (0) and tuned (1)")
    for point in mended.points:
        mark = " ← chosen" if point == mended.chosen else ""
        row = (f"{point.weight:g}", f"{100 * point.gain:+.1f}", f"{100 * point.held:+.1f}", point.worst)
        table.add_row(*row, point.decision + mark)
    console.print(table)
    if mended.confirmation is None:
        console.print("No point passes: what was gained cannot be had without what was lost. Try replay (docs).")
        return
    from holdfast.report import terminal

    console.print("Confirmed on the other half of the items:")
    console.print(terminal(mended.confirmation))
    console.print(f"checkpoint: {mended.out / 'checkpoint'}   report: {mended.out / 'report.html'}")
