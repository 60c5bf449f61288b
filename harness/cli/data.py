"""Prepare and check data: fetch a suite's, look for it in a training set, describe a training set, filter it.

  holdfast data fetch suite=core data_root=data          from the hub at the pinned revisions, into data/holdfast/
  holdfast data verify suite=core data_root=data         there, whole, and what was pinned (or first seen)?
  holdfast data fetch tasks=[gsm8k,mmlu] data_root=data
  holdfast data contamination rows.jsonl suite=core      how much of the suite stands in a training set
  holdfast data card rows.jsonl out=card.html            what a training set holds, and what is wrong with it
  holdfast data check rows.jsonl reward=math             every reference that the reward cannot judge against
  holdfast data filter rows.jsonl kept.jsonl duplicates=near max_chars=8000      the rows worth training on

  holdfast data convert rows.jsonl out.jsonl             rows of published code data sets as rows to train on

Then `holdfast eval … data_root=data` needs no network. Exit code 65 when something is missing or changed.
The others take a file (JSONL, JSON, parquet), a folder, a name of conf/data or a hub id. Keys:
  suite=NAME|FILE tasks=[…]     default of fetch, verify, contamination: core; card and filter look for it when named
  data_root=DIR                 a folder with the data sets, instead of the hub
  split=train name=CONFIG revision=COMMIT     of a hub id
  columns.prompt=question       ours=theirs (prompt, completion, reference, messages, chosen, rejected, label)
  limit=ROWS                    read no more rows
  out=FILE                      contamination: the rows without any of the suite (.jsonl); card: .html, .md or .json
  trainer=sft|dpo|grpo|rloo|kto|reward     card, filter: in whose shape the rows are read; default: by their columns
  reward=NAME|FILE.yaml         check: whose references; card: the scores of the answers (or of the references)
  model=DIRECTORY|HUB_ID        card, filter: count its tokenizer's tokens; max_length= (card, default: the trainer's)
  sample=ROWS                   card: rows for languages, diversity and the reward (default 2000)
filter (what is dropped is counted, and kept with its reason in kept.dropped.jsonl):
  min_chars= max_chars= max_tokens=     of the prompt and the longest answer together
  duplicates=exact|near similarity=0.8  the first of its like is kept
  languages=[en,de]             of the answer, by ISO 639-1 code; unknown is a code too
  suite=NAME|FILE               rows that hold items of the suite or passages of them
  reward=NAME min_reward=1      rows whose answer scores less, or cannot be judged
  broken=false                  keep rows that training stops at
convert (APPS, TACO, CodeContests, LiveCodeBench, KodCode, … : docs/sandbox.md; rows that it cannot read are counted):
  format=NAME                   what the rows are; default: their keys tell
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from holdfast.cli.grammar import Flags
from holdfast.errors import EXIT_DATA, EXIT_PASS, UsageError, unknown
from holdfast.logs import notice
from holdfast.process.progress import Progress

if TYPE_CHECKING:
    from holdfast.benchmarks.suites.fetch import Status
    from holdfast.benchmarks.suites.suite import Suite
    from holdfast.trainers.settings.config import DataConfig

ACTIONS = ("fetch", "verify", "contamination", "card", "check", "filter", "convert")


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
    columns: list[str] = field(default_factory=list)
    trainer: str = ""
    reward: str | None = None
    model: str | None = None
    max_length: int | None = None
    sample: int = 2000
    min_chars: int | None = None
    max_chars: int | None = None
    max_tokens: int | None = None
    duplicates: Literal["keep", "exact", "near"] = "keep"
    similarity: float = 0.8
    languages: list[str] = field(default_factory=list)
    min_reward: float = 1.0
    broken: bool = True
    format: str = ""


def run(paths: Sequence[str], options: Options, flags: Flags) -> int:
    """One of the commands. Raises UsageError for another word."""
    if not paths:
        raise UsageError(f"`holdfast data` needs one of: {', '.join(ACTIONS)}")
    if paths[0] not in ACTIONS:
        raise unknown("command of `holdfast data`", paths[0], ACTIONS)
    if (options.limit or 0) < 0 or options.sample < 1:
        raise UsageError("limit= and sample= take a number of rows, 1 or more")
    root = Path(options.data_root) if options.data_root else None
    if paths[0] in ("fetch", "verify"):
        if root is None:
            raise UsageError(f"`holdfast data {paths[0]}` needs data_root=DIR")
        return _prepare(paths, options, root, flags)
    if paths[0] == "convert":
        return _convert(paths[1:], options, root, flags)
    if paths[0] == "filter":
        return _filter(paths[1:], options, root, flags)
    if len(paths) != 2:
        raise UsageError(f"`holdfast data {paths[0]}` needs one file, folder, name of conf/data or hub id")
    if paths[0] == "check":
        return _check(paths[1], options, root, flags)
    if paths[0] == "card":
        return _card(paths[1], options, root, flags)
    return _contamination(paths[1], options, root, flags)


def _prepare(paths: Sequence[str], options: Options, root: Path, flags: Flags) -> int:
    from holdfast.benchmarks.suites.fetch import fetch, missing, planned, verify

    if len(paths) != 1:
        raise UsageError(f"`holdfast data {paths[0]}` takes no path: name suite=… or tasks=[…]")
    suite = _suite(options, "core")
    if paths[0] == "fetch":
        for one in planned(suite, root):
            notice(f"to fetch: {one.task} {one.split} from {one.origin} ({one.licence}; {one.state})")
            for file in one.files:
                notice(f"          {file}")
    found = fetch(suite, root) if paths[0] == "fetch" else verify(suite, root)
    _show(found, flags)
    return EXIT_DATA if missing(found) else EXIT_PASS


def _suite(options: Options, default: str) -> "Suite":
    from holdfast.benchmarks.suites.suite import load_suite

    return load_suite(options.tasks or options.suite or default)


def _contamination(what: str, options: Options, root: Path | None, flags: Flags) -> int:
    from holdfast.trainers.data.contamination import check_file

    found = check_file(data_config(what, options), _suite(options, "core"), root, options.limit, options.out)
    if flags.json:
        print(json.dumps(found.to_json(), ensure_ascii=False))
        return EXIT_PASS
    from holdfast.trainers.data.card.console import print_contamination

    print_contamination(found)
    if options.out:
        kept = found.rows - found.contaminated_rows
        print(f"{kept:,} rows without any of them are in {options.out}")
    return EXIT_PASS


def _card(what: str, options: Options, root: Path | None, flags: Flags) -> int:
    from holdfast.trainers.data.card.console import print_card
    from holdfast.trainers.data.card.pages import as_json, check_out, write_card
    from holdfast.trainers.data.card.training_card import card_of, card_tokenizer
    from holdfast.trainers.run.rewards import rewards_of

    check_out(options.out)
    config = data_config(what, options)
    tokenizer = card_tokenizer(options.model, options.max_length) if options.model else None
    with Progress("rows", None, enabled=sys.stderr.isatty()) as progress:
        card = card_of(
            config,
            trainer=options.trainer,
            data_root=root,
            limit=options.limit,
            sample=options.sample,
            suite=_suite(options, "") if options.suite or options.tasks else None,
            reward=rewards_of(options.reward)[0] if options.reward else None,
            tokenizer=tokenizer,
            progress=progress.reach,
        )
    if options.out:
        write_card(card, Path(options.out))
    if flags.json:
        print(as_json(card), end="")
    else:
        print_card(card)
    return EXIT_PASS


def _check(what: str, options: Options, root: Path | None, flags: Flags) -> int:
    from holdfast.trainers.data.reference_check import check_file
    from holdfast.trainers.run.rewards import rewards_of

    if not options.reward:
        raise UsageError("`holdfast data check` needs reward=NAME: which reward should judge against the references?")
    found = check_file(data_config(what, options), rewards_of(options.reward)[0], root, options.limit)
    print(json.dumps(found.to_json(), ensure_ascii=False) if flags.json else found.text())
    return EXIT_DATA if found.unjudgeable else EXIT_PASS


def _filter(paths: Sequence[str], options: Options, root: Path | None, flags: Flags) -> int:
    from dataclasses import replace

    from holdfast.trainers.data.row_filter import active, dropped_file, filter_file
    from holdfast.trainers.settings.config import FilterConfig

    if len(paths) != 2 or not paths[1].endswith(".jsonl"):
        raise UsageError("`holdfast data filter` needs the data to read and the .jsonl file to write")
    config = FilterConfig(
        min_chars=options.min_chars,
        max_chars=options.max_chars,
        max_tokens=options.max_tokens,
        tokenizer=options.model,
        duplicates=options.duplicates,
        similarity=options.similarity,
        languages=options.languages,
        suite=options.tasks or options.suite,
        reward=options.reward,
        min_reward=options.min_reward,
        broken=options.broken,
    )
    if not active(config):
        raise UsageError("`holdfast data filter` has nothing to filter by: see `holdfast data --help`")
    out = Path(paths[1])
    found = filter_file(
        replace(data_config(paths[0], options), filter=config), out, options.trainer, root, options.limit
    )
    if flags.json:
        print(json.dumps(asdict(found)))
    else:
        print(f"{found.sentence()}\nkept in {out}, dropped in {dropped_file(out)}")
    return EXIT_PASS


def _convert(paths: Sequence[str], options: Options, root: Path | None, flags: Flags) -> int:
    from holdfast.rewards.sandbox.formats import FORMATS
    from holdfast.trainers.data.conversion import convert_file

    if len(paths) != 2 or not paths[1].endswith(".jsonl"):
        raise UsageError("`holdfast data convert` needs the data to read and the .jsonl file to write")
    if options.format and options.format not in FORMATS:
        raise unknown("format", options.format, FORMATS)
    found = convert_file(data_config(paths[0], options), Path(paths[1]), options.format, root, options.limit)
    print(json.dumps(asdict(found)) if flags.json else f"{found.sentence()}\nwritten to {paths[1]}")
    return EXIT_PASS if found.converted else EXIT_DATA


def data_config(what: str, options: Options) -> "DataConfig":
    """The DataConfig of a file, a folder, a name of conf/data or a hub id, with the columns of the command line."""
    from dataclasses import replace

    from holdfast.config import choices, refuse_near_miss
    from holdfast.trainers.settings.data_sets import named_data

    names = choices("data")
    if what not in names and not what.startswith("tiny:"):
        refuse_near_miss("data", what, names)
    config = named_data(what)
    columns = dict(config.columns)
    for pair in options.columns:
        ours, colon, theirs = pair.partition(":")
        if not colon:
            raise UsageError(f"columns=[ours:theirs,…] cannot read {pair!r}: expected a colon")
        columns[ours] = theirs
    return replace(
        config,
        columns=columns,
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

    from holdfast.report.fitted import Fitted

    table = Table()
    for heading in ("task", "split", "rows", "licence", "from", "state"):
        table.add_column(heading, overflow="fold")
    for one in found:
        table.add_row(one.task, one.split, str(one.rows or ""), one.licence, one.origin, one.state)
    Console().print(Fitted(table))
