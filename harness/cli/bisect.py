"""Find the step at which each regressed skill broke.

  holdfast train … trainer.args.save_steps=20 trainer.args.save_total_limit=100 out=runs/a
  holdfast bisect runs/a

Measures the run's saved checkpoints by halving, on the regressed skills only, and judges each against the base model
as the gate does. Writes bisect/bisect.json in the run.
"""

import contextlib
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from holdfast.cli.grammar import Flags
from holdfast.errors import UsageError


@dataclass(frozen=True)
class Options:
    """`holdfast bisect` has no keys."""


def run(paths: list[str], options: Options, flags: Flags) -> int:
    """Bisect one run."""
    from holdfast.trainers.bisect import bisect

    if len(paths) != 1:
        raise UsageError(f"`holdfast bisect` takes one run directory, not {len(paths)}")
    with contextlib.redirect_stdout(sys.stderr):
        found = bisect(Path(paths[0]))
    if flags.json:
        print(json.dumps({"breaks": [asdict(one) for one in found.breaks], "looks": found.looks}))
        return 0
    if not found.breaks:
        print("No held skill regressed in this run: nothing to bisect.")
    for one in found.breaks:
        where = f"broke between step {one.held_at} and step {one.broken_at}"
        if one.broken_at is None:
            where = f"no saved checkpoint shows the drop, not even step {one.held_at}"
        print(f"{one.task}: {where} ({100 * one.difference:+.1f} points, p = {one.p:.1e})")
    return 0
