"""Compare two or more runs item by item; say what regressed and what improved; gate a pipeline.

usage: holdfast compare BEFORE AFTER [AFTER …] [key=value …] [--json]
       holdfast compare RUN                                       (a training run: its before/ against its after/)
       holdfast compare TABLE before=COLUMN after=COLUMN          (two columns of scores, or two models, in one file)

BEFORE and AFTER are run directories, files of scored samples, or other harnesses' outputs. Keys:
  target=[gsm8k]        what you trained for: judged apart from the held skills, which must not drop
  margin=1              points; the drop of the held skills' mean to rule out (default: the smallest one that these
                        runs can decide with 80 % probability when nothing changed)
  min_effect=0.5        points; a proven drop smaller than this is no regression (default 0: every proven drop is one)
  policy=gate.yaml      margins, required benchmarks, allowed drops, families (docs/gate.md)
  tasks=[a,b]           compare only these
  noise=RUN             a second measurement of the model before (A/A): forgetting net of noise
  allow=[prompt]        accept a difference: tasks, items, prompt, version, generation, reward, metric
  allow_missing=1       percent of a benchmark's items that may be missing in one of the runs
  trend=true            the runs stand in an order (checkpoints): which skills fall or rise along it, from all of them
  html= md= json= junit=     files to write; flips=FILE.jsonl: every changed item with both answers
  alpha=0.05 confidence=0.95 seed=0 max_flips=N
  score= id= prompt= completion= reference= category= cluster= task= scale=
                        columns of a table that is not ours (scale=10: scores from 0 to 10)
  direction=lower       the scores are losses: a rise is a regression (told by the name of brier, perplexity, errors …)
  model=NAME            the model whose rows are taken, where a table holds several

Exit codes: 0 pass, 1 regressed, 2 inconclusive (of several runs the worst), 65 not comparable.

examples:
  holdfast compare before.jsonl after.jsonl margin=1 html=report.html
  holdfast compare runs/base runs/a target=[gsm8k] policy=gate.yaml junit=gate.xml
  holdfast compare answers.jsonl before=6b_finetuning.is_correct after=6b_verification.is_correct
"""

import json
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from holdfast.cli.grammar import Flags
from holdfast.cli.table_options import TableOptions, check_ranges
from holdfast.errors import DataError, UsageError

if TYPE_CHECKING:
    from holdfast.compare import Comparison, Policy
    from holdfast.compare.trend import Trend
    from holdfast.runs.measurement import Measurement


@dataclass(slots=True)
class Options(TableOptions):
    """Keys of `holdfast compare`."""

    target: list[str] = field(default_factory=list)
    margin: float | None = None
    policy: str | None = None
    tasks: list[str] = field(default_factory=list)
    noise: str | None = None
    allow: list[str] = field(default_factory=list)
    html: str | None = None
    md: str | None = None
    json: str | None = None
    junit: str | None = None
    flips: str | None = None
    alpha: float | None = None
    confidence: float = 0.95
    seed: int = 0
    max_flips: int | None = None
    before: str | None = None
    after: str | None = None
    min_effect: float | None = None
    allow_missing: float | None = None
    trend: bool = False

    def share(self, name: Literal["margin", "min_effect", "allow_missing"]) -> float | None:
        """A key in points or percent as a share; None when it is not given."""
        value: float | None = getattr(self, name)
        return None if value is None else value / 100


def run(paths: list[str], options: Options, flags: Flags) -> int:
    """Compare, write what was asked for, print the verdict."""
    _check(options)
    measured = _measurements(paths, options)
    before, *others = measured
    along = _trend(paths, measured, options) if options.trend else None
    comparisons = _distinct([_compare(before, after, options, len(others)) for after in others])
    for number, comparison in enumerate(comparisons, start=1):
        _write(comparison, options, number if len(comparisons) > 1 else None)
    _show(comparisons, flags, along)
    return max(comparisons, key=lambda c: {0: 0, 2: 1, 1: 2}[c.exit_code]).exit_code


def _check(options: Options) -> None:
    check_ranges(
        (
            ("margin", options.margin, 0, 100),
            ("min_effect", options.min_effect, 0, 100),
            ("allow_missing", options.allow_missing, 0, 100),
            ("alpha", options.alpha, 0, 0.5),
            ("confidence", options.confidence, 0.5, 1),
            ("scale", options.scale, 0, math.inf),
        )
    )


def _measurements(paths: Sequence[str], options: Options) -> "list[Measurement]":
    from holdfast.compare import load

    if options.before or options.after:
        return _two_columns(paths, options)
    if len(paths) == 1 and all((Path(paths[0]) / side / "results.json").is_file() for side in ("before", "after")):
        return [load(Path(paths[0]) / side) for side in ("before", "after")]
    if len(paths) == 1:
        load(paths[0], options.columns())  # what is wrong with a single path comes first
    if len(paths) < 2:
        raise UsageError(f"`holdfast compare` takes two runs or more, not {len(paths)}: {' '.join(paths) or 'nothing'}")
    columns = options.columns()
    return [load(path, columns) for path in paths]


def _two_columns(paths: Sequence[str], options: Options) -> "list[Measurement]":
    from dataclasses import replace

    from holdfast.compare import Columns
    from holdfast.compare.reading.load import columns_of, models_of

    if len(paths) != 1 or not (options.before and options.after):
        raise UsageError("comparing two columns takes one file, before=COLUMN and after=COLUMN")
    path, sides = Path(paths[0]), []
    models = options.before in models_of(path)
    for name in (options.before, options.after):
        columns = options.columns(None if models else name) or Columns()
        columns = replace(columns, model=name) if models else columns
        sides.append(columns_of(path, replace(columns, task=columns.task or path.name.split(".")[0])))
    return [*sides]


def _compare(before: "Measurement", after: "Measurement", options: Options, runs: int = 1) -> "Comparison":
    from holdfast.compare import compare, load

    comparison = compare(
        before,
        after,
        target=options.target,
        margin=options.share("margin"),
        min_effect=options.share("min_effect"),
        allow_missing=options.share("allow_missing"),
        runs=runs,
        alpha=options.alpha,
        confidence=options.confidence,
        policy=_policy(options),
        tasks=options.tasks,
        allow=options.allow,
        noise=load(options.noise, options.columns()) if options.noise else None,
        max_flips=options.max_flips,
        seed=options.seed,
    )
    return _with_column_names(comparison, options) if options.before else comparison


def _distinct(comparisons: "list[Comparison]") -> "list[Comparison]":
    """Runs after of the same name are told apart by their paths."""
    from dataclasses import replace

    from holdfast.compare.alike import told_apart

    if len({one.after.name for one in comparisons}) == len(comparisons):
        return comparisons
    names = told_apart([one.after.path for one in comparisons])
    return [replace(c, after=replace(c.after, name=name)) for c, name in zip(comparisons, names, strict=True)]


def _policy(options: Options) -> "Policy | None":
    """The policy's file, with the direction of the command line."""
    from dataclasses import replace

    from holdfast.compare import Policy, read_policy

    policy = read_policy(options.policy) if options.policy else None
    return replace(policy or Policy(), direction=options.direction) if options.direction else policy


def _trend(paths: Sequence[str], measured: "Sequence[Measurement]", options: Options) -> "Trend":
    """The runs in their order, at the steps that their names tell."""
    from holdfast.compare.alike import told_apart
    from holdfast.compare.trend import FEWEST, steps_of, trend

    if len(paths) < FEWEST or len(paths) != len(measured):
        raise UsageError(f"trend= takes {FEWEST} runs or more, in their order")
    runs = dict(zip(told_apart(paths), measured, strict=True))
    missing = (options.allow_missing or 0.0) / 100
    alpha = 0.05 if options.alpha is None else options.alpha
    return trend(
        runs,
        steps=steps_of(paths),
        allow=options.allow,
        allow_missing=missing,
        alpha=alpha,
        policy=_policy(options),
        seed=options.seed,
    )


def _with_column_names(comparison: "Comparison", options: Options) -> "Comparison":
    """Two columns of one file are told apart by the columns' names."""
    from dataclasses import replace

    return replace(
        comparison,
        before=replace(comparison.before, name=str(options.before)),
        after=replace(comparison.after, name=str(options.after)),
    )


def _write(comparison: "Comparison", options: Options, number: int | None) -> None:
    """Write the files asked for; of several runs each has its number in the file's name."""
    from holdfast.files import write_whole

    for kind in ("html", "md", "json", "junit", "flips"):
        target_path = getattr(options, kind)
        if target_path is None:
            continue
        path = Path(target_path)
        if number is not None:
            path = path.with_name(f"{path.stem}-{number}{path.suffix}")
        try:
            write_whole(path, _file(comparison, kind))
        except OSError as error:
            raise DataError(f"cannot write {path}: {error.strerror}") from error


def _file(comparison: "Comparison", kind: str) -> str:
    """What one of the files holds."""
    if kind == "junit":
        from holdfast.report.junit import junit

        return junit(comparison)
    if kind == "flips":
        return "".join(json.dumps(row, ensure_ascii=True) + "\n" for row in _flips(comparison))
    from holdfast.report import text

    return text(comparison, kind)


def _flips(comparison: "Comparison") -> Iterator[dict[str, Any]]:
    """Every changed item, as a row."""
    from holdfast.compare.schema import to_json

    for benchmark in comparison.benchmarks:
        for flip in benchmark.flips:
            yield {"task": benchmark.task, **to_json(flip)}


def _show(comparisons: "Sequence[Comparison]", flags: Flags, along: "Trend | None" = None) -> None:
    if flags.json:
        trend = {} if along is None else {"trend": along.to_json()}
        print(json.dumps({**_as_json(comparisons), **trend}, ensure_ascii=True))
        return
    from rich.console import Console

    from holdfast.report import terminal
    from holdfast.report.fitted import Fitted

    console = Console(width=None if sys.stdout.isatty() else 120)
    for comparison in comparisons:
        console.print(terminal(comparison))
        console.print(_margin_line(comparison), style="dim", highlight=False)
    if len(comparisons) > 1:
        from holdfast.report.sweep.frontier import table

        console.print(Fitted(table(comparisons)))
    if along is not None:
        from holdfast.report.trend import table as trend_table

        console.print(Fitted(trend_table(along)))


def _margin_line(comparison: "Comparison") -> str:
    margin = f"{100 * comparison.margin:.4g} points"
    if comparison.margin_origin != "default":
        return f"margin {margin} ({comparison.margin_origin})"
    return f"margin {margin}: the smallest these runs can decide with 80 % probability when nothing changed (margin=…)"


def _as_json(comparisons: "Sequence[Comparison]") -> dict[str, Any]:
    if len(comparisons) == 1:
        return comparisons[0].to_json()
    from holdfast.report.sweep.frontier import points_of
    from holdfast.report.sweep.points import as_json

    return {
        "schema": 1,
        "comparisons": [comparison.to_json() for comparison in comparisons],
        "frontier": as_json(points_of(comparisons)),
    }
