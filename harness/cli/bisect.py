"""Find the step at which each regressed skill broke.

  holdfast train … checkpoints=10 out=runs/a
  holdfast bisect runs/a                        halves between the checkpoints
  holdfast bisect runs/a scan=true              measures all of them: a skill may break, recover and break again

keys
  scan=true        every checkpoint
  base=DIRECTORY   where the base model lies, if it has moved
  suite.api_key=…  a secret of the run's settings that is read again (its manifest holds ***), by its own key

Measures the run's saved checkpoints on the regressed skills only and judges each against the base model as the gate
does. Writes bisect/bisect.json in the run and joins it to the run's report.
"""

import contextlib
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

from holdfast.cli.grammar import Flags
from holdfast.errors import UsageError


@dataclass(frozen=True)
class Options:
    """Keys of `holdfast bisect`."""

    scan: bool = False
    base: str | None = None
    extra: dict[str, str] = field(default_factory=dict)
    """Secrets of the run's settings."""


def run(paths: list[str], options: Options, flags: Flags) -> int:
    """Bisect one run."""
    from holdfast.trainers.repair.bisect import bisect
    from holdfast.trainers.repair.finished_run import check_secrets

    if len(paths) != 1:
        raise UsageError(f"`holdfast bisect` takes one run directory, not {len(paths)}")
    check_secrets(Path(paths[0]), options.extra, "bisect", Options.__dataclass_fields__.keys() - {"extra"})
    with contextlib.redirect_stdout(sys.stderr):
        found = bisect(Path(paths[0]), scan=options.scan, base=options.base, secrets=options.extra)
    if flags.json:
        print(json.dumps(found.record))
        return 0
    if not found.record["breaks"]:
        print("No held skill regressed in this run: nothing to bisect.")
    for one in found.record["breaks"]:
        print(one["sentence"])
    return 0
