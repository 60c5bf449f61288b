"""Fetch or verify the data of a suite for machines without a network; print its licences.

  holdfast data fetch suite=core data_root=data          from the hub at the pinned revisions, into data/holdfast/
  holdfast data verify suite=core data_root=data         there, whole, and what was pinned?
  holdfast data fetch tasks=[gsm8k,mmlu] data_root=data

Then `holdfast eval … data_root=data` needs no network. Exit code 65 when something is missing or changed.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.cli.grammar import Flags
from holdfast.errors import EXIT_DATA, EXIT_PASS, UsageError, unknown

if TYPE_CHECKING:
    from holdfast.benchmarks.fetch import Status


@dataclass
class Options:
    """Keys of the verb."""

    data_root: Path
    suite: str = "core"
    tasks: list[str] = field(default_factory=list)


def run(paths: Sequence[str], options: Options, flags: Flags) -> int:
    """`fetch` or `verify`. Raises UsageError for another word."""
    from holdfast.benchmarks.fetch import fetch, missing, verify
    from holdfast.benchmarks.suite import load_suite

    if len(paths) != 1:
        raise UsageError("`holdfast data` needs one of: fetch, verify")
    if paths[0] not in ("fetch", "verify"):
        raise unknown("command of `holdfast data`", paths[0], ("fetch", "verify"))
    suite = load_suite(options.tasks or options.suite)
    root = Path(options.data_root)
    found = fetch(suite, root) if paths[0] == "fetch" else verify(suite, root)
    _show(found, flags)
    return EXIT_DATA if missing(found) else EXIT_PASS


def _show(found: "Sequence[Status]", flags: Flags) -> None:
    if flags.json:
        print(json.dumps([asdict(one) for one in found], ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table()
    for heading in ("task", "split", "rows", "licence", "from", "state"):
        table.add_column(heading, overflow="fold")
    for one in found:
        table.add_row(one.task, one.split, str(one.rows or ""), one.licence, one.origin, one.state)
    Console().print(table)
