"""Cure a regression without training: walk the weights between the base and the tuned model.

  holdfast mend runs/a                          measures a few points, confirms the best one that passes
  holdfast mend runs/a weights=[0.3,0.6,0.9] margin=2
  holdfast mend runs/a groups=depth             early, middle and late layers with weights of their own
  holdfast mend runs/a density=[0.2,0.5]        only the largest changes of every tensor (TIES)
  holdfast mend runs/a replay=50                then 50 steps with old lessons mixed in

keys
  weights=[…]         points of the line, 0 the base model, 1 the tuned one (default 0.25, 0.5, 0.7, 0.85, 1)
  groups=kind|depth   coordinate search over embedding, attention, mlp, other, or over thirds of the layers
  budget=N            points of that search (12)
  density=[…]         shares of every tensor's changes to keep, the largest ones
  replay=STEPS        steps of replay from the best point
  ratio=SHARE         of old lessons among the replayed rows (0.5)
  replay_data=…       the old lessons (default: the run's data.replay.data)
  margin=POINTS       a drop of the held skills' mean that must be ruled out (default: the run's)
  base=DIRECTORY      where the base model lies, if it has moved
  suite.api_key=…     a secret of the run's settings that is read again (its manifest holds ***), by its own key

Points are judged on one half of the items, the chosen one is confirmed once on the other. Writes mend/ in the run:
mend.json (the frontier), checkpoint/ and report.*. Exit code: the confirmation's verdict; 1 when no point is a cure, 0
when there is nothing to mend.
"""

import contextlib
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.cli.grammar import Flags
from holdfast.errors import EXIT_PASS, EXIT_REGRESSED, UsageError

if TYPE_CHECKING:
    from holdfast.trainers.repair.mend import MendResult


@dataclass(frozen=True)
class Options:
    """Keys of `holdfast mend`."""

    weights: list[float] | None = None
    groups: str | None = None
    budget: int = 12
    density: list[float] | None = None
    replay: int = 0
    ratio: float = 0.5
    replay_data: str | None = None
    margin: float | None = None
    base: str | None = None
    extra: dict[str, str] = field(default_factory=dict)
    """Secrets of the run's settings."""


def run(paths: list[str], options: Options, flags: Flags) -> int:
    """Mend one run."""
    from holdfast.trainers.repair.finished_run import check_secrets
    from holdfast.trainers.repair.mend import Search, mend

    if len(paths) != 1:
        raise UsageError(f"`holdfast mend` takes one run directory, not {len(paths)}")
    check_secrets(Path(paths[0]), options.extra, "mend", Options.__dataclass_fields__.keys() - {"extra"})
    search = Search(
        options.weights,
        options.groups,
        options.budget,
        options.density or (),
        options.replay,
        options.ratio,
        options.replay_data,
    )
    with contextlib.redirect_stdout(sys.stderr):
        mended = mend(Path(paths[0]), search, options.margin, options.base, options.extra)
    if flags.json:
        print(json.dumps(_record(mended)))
    else:
        _show(mended)
    if mended.nothing:
        return EXIT_PASS
    return mended.confirmation.exit_code if mended.chosen and mended.confirmation else EXIT_REGRESSED


def _record(mended: "MendResult") -> dict[str, object]:
    return {
        "out": str(mended.out),
        "points": [point.record() for point in mended.points],
        "chosen": mended.chosen.recipe.name if mended.chosen else None,
        "reason": mended.reason,
        "confirmation": mended.confirmation.to_json() if mended.confirmation else None,
    }


def _show(mended: "MendResult") -> None:
    from rich.console import Console
    from rich.table import Table

    from holdfast.report.fitted import Fitted

    console = Console()
    if mended.nothing:
        console.print(f"Nothing to mend: {mended.finished_run.comparison.sentence}")
        console.print("To try points all the same, name them: weights=[0.5,0.8]")
        return
    table = Table(title="between base (0) and tuned (1)")
    for heading in ("point", "gain", "held skills", "worst", "selection half"):
        table.add_column(heading, overflow="fold")
    for point in mended.points:
        mark = " ← chosen" if point == mended.chosen else ""
        row = (point.recipe.name, f"{100 * point.gain:+.1f}", f"{100 * point.held:+.1f}", point.worst)
        table.add_row(*row, point.decision + mark)
    console.print(Fitted(table))
    if mended.chosen is None or mended.confirmation is None:
        console.print(mended.reason)
        console.print("Try groups=depth, density=[0.2,0.5], replay=50, or train with data.replay.ratio=0.3.")
        return
    from holdfast.report import terminal

    console.print("On the other half of the items:")
    console.print(terminal(mended.confirmation))
    console.print(f"checkpoint: {mended.out / 'checkpoint'}   report: {mended.out / 'report.html'}")
