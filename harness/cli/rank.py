"""Rank models: from runs on the same items, or from pairwise votes.

usage: holdfast rank RUN RUN [RUN …] [key=value …] [--json]
       holdfast rank VOTES [VOTES …] [key=value …] [--json]

RUN is what `holdfast compare` takes; runs are ranked by the mean of their benchmarks and all pairs are tested (Holm).
VOTES is a file of pairwise judgements: Chatbot Arena's (model_a, model_b, winner), AlpacaEval's annotations,
Arena-Hard's judgments, MT-Bench's pairs; models are ranked by Bradley–Terry strengths on Elo's scale. Models whose
difference is not proven are tied: a place is a range.

Keys:
  style=[length]        votes: take the answers' lengths out
  baseline=NAME         Arena-Hard: the model that all others were judged against, where the file does not name it
  category=hard_prompt  votes: only those of a category (Arena-Hard v2 has two, each with its own baseline)
  difficulty=FILE       AlpacaEval: instruction_difficulty by index or instruction (its df_gamed.csv), the third term of
                        its length control
  alpha=0.05 confidence=0.95
  allow=[prompt] allow_missing=1     runs: as `holdfast compare`
  score= id= prompt= completion= reference= category= cluster= task= scale= model= direction=     columns of tables

examples:
  holdfast rank runs/a runs/b runs/c
  holdfast rank votes.jsonl style=[length]
"""

import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.cli.grammar import Flags
from holdfast.cli.table_options import TableOptions, check_ranges
from holdfast.errors import UsageError

if TYPE_CHECKING:
    from holdfast.compare.ranking.rank import Ranking
    from holdfast.compare.ranking.win_rates import WinRate


@dataclass(slots=True)
class Options(TableOptions):
    """Keys of `holdfast rank`."""

    style: list[str] = field(default_factory=list)
    baseline: str = ""
    alpha: float = 0.05
    confidence: float = 0.95
    allow: list[str] = field(default_factory=list)
    allow_missing: float = 0.0
    difficulty: str | None = None


def run(paths: list[str], options: Options, flags: Flags) -> int:
    """Print the ranking."""
    check_ranges(
        (
            ("alpha", options.alpha, 0, 0.5),
            ("confidence", options.confidence, 0.5, 1),
            ("allow_missing", options.allow_missing or None, 0, 100),
            ("scale", options.scale, 0, math.inf),
        )
    )
    if not paths:
        raise UsageError("`holdfast rank` takes runs or a file of votes")
    ranking = _votes(paths, options) if _are_votes(paths) else _runs(paths, options)
    if flags.json:
        print(json.dumps(ranking.to_json()))
    else:
        _show(ranking)
    return 0


def _are_votes(paths: Sequence[str]) -> bool:
    """Whether these are files of pairwise judgements; one file alone must be."""
    from holdfast.compare.ranking.votes import is_votes
    from holdfast.records import SUFFIXES, read_records

    if len(paths) == 1:
        return True
    files = [Path(path) for path in paths]
    tables = all(file.is_file() and file.name.endswith(SUFFIXES) for file in files)
    return tables and all(is_votes(next(read_records(file), ("", {}))[1]) for file in files)


def _votes(paths: Sequence[str], options: Options) -> "Ranking":
    from holdfast.compare.ranking.rank import rank_votes
    from holdfast.compare.ranking.votes import read_votes
    from holdfast.compare.ranking.win_rates import Difficulties

    _refuse(options, ("allow", "allow_missing", "score", "id", "prompt", "completion", "reference", "task", "scale",
                      "model", "direction", "cluster"), "runs")  # fmt: skip
    votes = [vote for path in paths for vote in read_votes(Path(path), options.baseline, options.category or "")]
    return rank_votes(
        votes,
        alpha=options.alpha,
        style=options.style,
        confidence=options.confidence,
        difficulties=Difficulties.read(Path(options.difficulty)) if options.difficulty else None,
    )


def _refuse(options: Options, names: Sequence[str], what: str) -> None:
    """Raise UsageError for keys that have no effect here."""
    for name in names:
        if getattr(options, name) != getattr(Options(), name):
            raise UsageError(f"{name}= is for {what}")


def _runs(paths: Sequence[str], options: Options) -> "Ranking":
    from holdfast.compare import load
    from holdfast.compare.alike import told_apart
    from holdfast.compare.comparing import run_info
    from holdfast.compare.ranking.rank import rank_runs

    _refuse(options, ("style", "baseline", "difficulty"), "votes; runs are compared item by item")
    columns = options.columns()
    runs = [load(path, columns) for path in paths]
    names = [str(run.model.get("name") or run_info(run).name) for run in runs]
    if len(set(names)) < len(names):
        names = told_apart(paths)
    if len(set(names)) < len(names):
        raise UsageError(f"a run is named twice: {' '.join(paths)}")
    named = dict(zip(names, runs, strict=True))
    return rank_runs(
        named,
        alpha=options.alpha,
        allow=options.allow,
        allow_missing=options.allow_missing / 100,
        direction=options.direction,
    )


def _rate(found: "WinRate | None", equal_length: bool) -> str:
    """`50.2 [48.1, 52.3]`; a dash for the baseline itself."""
    if found is None:
        return "–"
    middle, low, high = (
        (found.equal_length, found.equal_length_low, found.equal_length_high)
        if equal_length
        else (found.rate, found.low, found.high)
    )
    return (
        "–"
        if middle is None or low is None or high is None
        else f"{100 * middle:.1f} [{100 * low:.1f}, {100 * high:.1f}]"
    )


def _show(ranking: "Ranking") -> None:
    from rich.console import Console
    from rich.table import Table

    from holdfast.report.fitted import Fitted

    votes = ranking.kind == "votes"
    table = Table("place", box=None, pad_edge=False)
    table.add_column("model", overflow="fold")
    for name in ("Elo", "interval", "votes") if votes else ("mean",):
        table.add_column(name, justify="right")
    for name in ("win rate", "at equal length") if ranking.win_rates else ():
        table.add_column(name, justify="right")
    table.add_column("tied with")
    for one in ranking.standings:
        place = str(one.best) if one.best == one.worst else f"{one.best}–{one.worst}"
        numbers = [f"{one.score:.0f}"] if votes else [f"{100 * one.score:.1f}"]
        if votes:
            numbers += [f"[{one.low:.0f}, {one.high:.0f}]", f"{one.games or 0:,}"]
        rate = ranking.win_rates.get(one.name)
        numbers += [_rate(rate, controlled) for controlled in (False, True)] if ranking.win_rates else []
        table.add_row(place, one.name, *numbers, ", ".join(one.tied) or "–")
    console = Console(width=None if sys.stdout.isatty() else 120, markup=False)
    console.print(Fitted(table))
    for name, value in ranking.style.items():
        console.print(f"Taken out: {name} (coefficient {value:+.2f} per standard deviation).", highlight=False)
    console.print(
        f"All pairs are tested at {ranking.alpha:g} (Holm); models that are tied cannot be told apart.", highlight=False
    )
