"""Rank models: from runs on the same items, or from pairwise votes.

usage: holdfast rank RUN RUN [RUN …] [key=value …] [--json]
       holdfast rank VOTES [key=value …] [--json]

RUN is what `holdfast compare` takes; runs are ranked by the mean of their benchmarks and all pairs are tested (Holm).
VOTES is a file of pairwise judgements: Chatbot Arena's (model_a, model_b, winner), AlpacaEval's annotations,
Arena-Hard's judgments, MT-Bench's pairs; models are ranked by Bradley–Terry strengths on Elo's scale. Models whose
difference is not proven are tied: a place is a range.

Keys:
  style=[length]        votes: take the answers' lengths out
  baseline=NAME         Arena-Hard: the model that all others were judged against
  alpha=0.05 confidence=0.95
  allow=[prompt] allow_missing=1     runs: as `holdfast compare`
  score= id= prompt= completion= reference= category= task= scale= model= direction=     columns of tables

examples:
  holdfast rank runs/a runs/b runs/c
  holdfast rank votes.jsonl style=[length]
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from holdfast.cli.grammar import Flags
from holdfast.errors import UsageError

if TYPE_CHECKING:
    from holdfast.compare.rank import Ranking


@dataclass(slots=True)
class Options:
    """Keys of `holdfast rank`."""

    style: list[str] = field(default_factory=list)
    baseline: str = ""
    alpha: float = 0.05
    confidence: float = 0.95
    allow: list[str] = field(default_factory=list)
    allow_missing: float = 0.0
    score: str | None = None
    id: str | None = None
    prompt: str | None = None
    completion: str | None = None
    reference: str | None = None
    category: str | None = None
    task: str | None = None
    scale: float = 1.0
    model: str | None = None
    direction: Literal["higher", "lower"] | None = None


def run(paths: list[str], options: Options, flags: Flags) -> int:
    """Print the ranking."""
    for name, value, low, high in (("alpha", options.alpha, 0, 0.5), ("confidence", options.confidence, 0.5, 1)):
        if not low < value < high:
            raise UsageError(f"{name}= must lie between {low} and {high}, not {value:g}")
    if not paths:
        raise UsageError("`holdfast rank` takes runs or a file of votes")
    ranking = _votes(paths[0], options) if len(paths) == 1 else _runs(paths, options)
    if flags.json:
        print(json.dumps(ranking.to_json()))
    else:
        _show(ranking)
    return 0


def _votes(path: str, options: Options) -> "Ranking":
    from holdfast.compare.rank import rank_votes
    from holdfast.compare.votes import read_votes

    votes = read_votes(Path(path), options.baseline)
    return rank_votes(votes, alpha=options.alpha, style=options.style, confidence=options.confidence)


def _runs(paths: Sequence[str], options: Options) -> "Ranking":
    from dataclasses import fields

    from holdfast.compare import Columns, load
    from holdfast.compare.comparing import run_info
    from holdfast.compare.rank import rank_runs

    if options.style or options.baseline:
        raise UsageError("style= and baseline= are for votes; runs are compared item by item")
    columns = Columns(**{f.name: getattr(options, f.name) for f in fields(Columns) if hasattr(options, f.name)})
    runs = [load(path, None if columns == Columns() else columns) for path in paths]
    names = [str(run.model.get("name") or run_info(run).name) for run in runs]
    if len(set(names)) < len(names):
        names = list(paths)
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


def _show(ranking: "Ranking") -> None:
    from rich.console import Console
    from rich.table import Table

    votes = ranking.kind == "votes"
    table = Table("place", "model", box=None, pad_edge=False)
    for name in ("Elo", "interval", "votes") if votes else ("mean",):
        table.add_column(name, justify="right")
    table.add_column("tied with")
    for one in ranking.standings:
        place = str(one.best) if one.best == one.worst else f"{one.best}–{one.worst}"
        numbers = [f"{one.score:.0f}"] if votes else [f"{100 * one.score:.1f}"]
        if votes:
            numbers += [f"[{one.low:.0f}, {one.high:.0f}]", f"{one.games or 0:,}"]
        table.add_row(place, one.name, *numbers, ", ".join(one.tied) or "–")
    console = Console(width=None if sys.stdout.isatty() else 120, markup=False)
    console.print(table)
    for name, value in ranking.style.items():
        console.print(f"Taken out: {name} (coefficient {value:+.2f} per standard deviation).", highlight=False)
    console.print(
        f"All pairs are tested at {ranking.alpha:g} (Holm); models that are tied cannot be told apart.", highlight=False
    )
