"""Prepare and check data: fetch a suite's, verify it, look for it in a training set.

  holdfast data fetch suite=core data_root=data          from the hub at the pinned revisions, into data/holdfast/
  holdfast data verify suite=core data_root=data         there, whole, and what was pinned (or first seen)?
  holdfast data fetch tasks=[gsm8k,mmlu] data_root=data
  holdfast data contamination rows.jsonl suite=core      how much of the suite stands in a training set

Then `holdfast eval … data_root=data` needs no network. Exit code 65 when something is missing or changed.
`contamination` takes a file (JSONL, JSON, parquet), a folder, a name of conf/data or a hub id. Keys:
  suite=NAME|FILE tasks=[…]     default: core
  data_root=DIR                 a folder with the data sets, instead of the hub
  split=train name=CONFIG revision=COMMIT     of a hub id
  limit=ROWS                    read no more rows
  out=FILE.jsonl                contamination: the rows without any of the suite
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
    from holdfast.benchmarks.suite import Suite
    from holdfast.trainers.config import DataConfig

COMMANDS = ("fetch", "verify", "contamination")


@dataclass
class Options:
    """Keys of the verb."""

    data_root: Path | None = None
    suite: str | None = None
    tasks: list[str] = field(default_factory=list)
    split: str | None = None
    name: str | None = None
    revision: str | None = None
    limit: int | None = None
    out: str | None = None


def run(paths: Sequence[str], options: Options, flags: Flags) -> int:
    """One of the commands. Raises UsageError for another word."""
    if not paths:
        raise UsageError(f"`holdfast data` needs one of: {', '.join(COMMANDS)}")
    if paths[0] not in COMMANDS:
        raise unknown("command of `holdfast data`", paths[0], COMMANDS)
    root = Path(options.data_root) if options.data_root else None
    if paths[0] in ("fetch", "verify"):
        if root is None:
            raise UsageError(f"`holdfast data {paths[0]}` needs data_root=DIR")
        return _prepare(paths, options, root, flags)
    if len(paths) != 2:
        raise UsageError(f"`holdfast data {paths[0]}` needs one file, folder, name of conf/data or hub id")
    return _contamination(paths[1], options, root, flags)


def _prepare(paths: Sequence[str], options: Options, root: Path, flags: Flags) -> int:
    from holdfast.benchmarks.fetch import fetch, missing, verify

    if len(paths) != 1:
        raise UsageError(f"`holdfast data {paths[0]}` takes no path: name suite=… or tasks=[…]")
    suite = _suite(options, "core")
    found = fetch(suite, root) if paths[0] == "fetch" else verify(suite, root)
    _show(found, flags)
    return EXIT_DATA if missing(found) else EXIT_PASS


def _suite(options: Options, default: str) -> "Suite":
    from holdfast.benchmarks.suite import load_suite

    return load_suite(options.tasks or options.suite or default)


def _contamination(what: str, options: Options, root: Path | None, flags: Flags) -> int:
    from holdfast.trainers.contamination import check_file

    found = check_file(data_config(what, options), _suite(options, "core"), root, options.limit, options.out)
    if flags.json:
        print(json.dumps(found.to_json(), ensure_ascii=False))
        return EXIT_PASS
    from holdfast.datacard.render import print_contamination

    print_contamination(found)
    if options.out:
        kept = found.rows - found.contaminated_rows
        print(f"{kept:,} rows without any of them are in {options.out}")
    return EXIT_PASS


def data_config(what: str, options: Options) -> "DataConfig":
    """The DataConfig of a file, a folder, a name of conf/data or a hub id."""
    from dataclasses import replace

    from holdfast.trainers.data import named_data

    config = named_data(what)
    return replace(
        config,
        split=options.split or config.split,
        name=options.name or config.name,
        revision=options.revision or config.revision,
    )


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
