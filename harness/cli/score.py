"""Score recorded outputs with a registered reward.

usage: holdfast score FILE reward=NAME [key=value …] [--json]

FILE is JSONL, JSONL.gz, a JSON array or parquet. Keys:
  reward=NAME           a registered reward, `package.module:function`, or a YAML file; its own options are keys too
  completion=FIELD      dotted path, default `completion`; a list of texts counts as repeats of the item
  reference=FIELD       default `reference`; `a,b` picks several fields as an object, `.` the whole record
  prompt=FIELD id=FIELD default `prompt` and `id`, where the file has them (else the row's number is the id)
  category= cluster= repeat= finish_reason=    further fields, all optional
  references=FILE join=FIELD[:FIELD]           references from another file, joined on an id or the prompt
  out=PATH              `x.jsonl` for the rows; a folder for a measurement (results.json + samples)
  engine=ray workers=2  score on Ray actors (the cluster of RAY_ADDRESS, else a local one)
  task=NAME             the task's name in the rows (default: the reward's)

examples:
  holdfast score samples.jsonl reward=math out=scored.jsonl
  holdfast score zeroeval.json.gz reward=math completion=output.0 reference=answer id=session_id
  holdfast score answers.jsonl reward=ifeval references=prompts.jsonl join=prompt reference=instruction_id_list,kwargs
"""

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from holdfast.cli.grammar import Flags, plain
from holdfast.errors import UsageError, install_hint, unknown
from holdfast.process.progress import Progress
from holdfast.registry import lookup
from holdfast.reward import Reward
from holdfast.scoring.score_file import Fields, Join, Scorer, Tally, score_file

ENGINES = ("local", "ray")


@dataclass(slots=True)
class Options:
    """Keys of `holdfast score`; what is left goes to the reward."""

    reward: str
    extra: dict[str, str]
    completion: str = "completion"
    reference: str = "reference"
    prompt: str = "prompt"
    id: str = "id"
    category: str | None = None
    cluster: str | None = None
    repeat: str | None = None
    finish_reason: str | None = None
    references: str | None = None
    join: str | None = None
    out: str | None = None
    task: str | None = None
    engine: str = "local"
    workers: int = 2


def run(paths: list[str], options: Options, flags: Flags) -> int:
    """Score one file; print the summary."""
    if len(paths) != 1:
        raise UsageError(f"`holdfast score` takes one file, not {len(paths)}: {' '.join(paths) or 'nothing'}")
    reward = _reward(options)
    task = options.task or reward.__name__
    started = time.perf_counter()
    scorer, join = _scorer(options, reward), _join(options)
    watched = not flags.json and sys.stderr.isatty()
    with _sink(options.out, task) as sink, Progress("rows", None, enabled=watched) as progress:
        source, fields = Path(paths[0]), _fields(options)
        tally = score_file(source, reward, fields, sink, task=task, join=join, scorer=scorer, on_batch=progress.reach)
    seconds = time.perf_counter() - started
    if options.out and not options.out.endswith(".jsonl"):
        _write_results(Path(options.out), task, reward, Path(paths[0]))
    summary = _summary(tally, reward, task, seconds, options.out)
    print(json.dumps(summary) if flags.json else _render(summary))
    return 0


def _reward(options: Options) -> Reward:
    if options.engine not in ENGINES and _takes_engine(options.reward):
        options.extra["engine"] = options.engine  # a reward's own option (`code`)
    elif options.engine not in ENGINES:
        raise unknown("engine of `holdfast score`", options.engine, ENGINES)
    if options.reward.endswith((".yaml", ".yml")):
        if options.extra:
            raise UsageError(f"{sorted(options.extra)[0]!r} is no key of `holdfast score`; the reward comes from YAML")
        return Reward.from_config(options.reward)
    return Reward(options.reward, **{key: plain(text) for key, text in options.extra.items()})


def _takes_engine(name: str) -> bool:
    """Whether a registered reward has an option of that name."""
    return not name.endswith((".yaml", ".yml")) and "engine" in lookup(name).options


def _scorer(options: Options, reward: Reward) -> Scorer | None:
    if options.engine != "ray":
        return None
    try:
        import ray  # noqa: F401
    except ImportError as error:
        raise UsageError(f"engine=ray needs Ray: {install_hint('ray')}") from error
    from holdfast.rewards.adapters.ray import score_batches

    return partial(score_batches, reward=reward, workers=max(1, options.workers))


def _fields(options: Options) -> Fields:
    names = ("completion", "reference", "prompt", "id", "category", "cluster", "repeat", "finish_reason")
    return Fields(**{name: getattr(options, name) for name in names})


def _join(options: Options) -> Join | None:
    if (options.references is None) != (options.join is None):
        raise UsageError("references=FILE and join=FIELD go together")
    if options.references is None or options.join is None:
        return None
    here, _, there = options.join.partition(":")
    return Join.read(Path(options.references), here, there or here, options.reference)


@contextlib.contextmanager
def _sink(out: str | None, task: str) -> Iterator[TextIO]:
    """Where rows go: a file that appears whole at the end, or nowhere."""
    if out is None:
        with Path(os.devnull).open("w", encoding="utf-8") as sink:
            yield sink
        return
    from holdfast.runs.measurement import sample_path

    target = Path(out) if out.endswith(".jsonl") else sample_path(Path(out), task)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        with partial.open("w", encoding="utf-8") as sink:
            yield sink
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _write_results(directory: Path, task: str, reward: Reward, source: Path) -> None:
    from holdfast.runs.measurement import Measurement, TaskResult, sample_path, summarize, write_results
    from holdfast.runs.row import read_rows

    result = summarize(TaskResult(task, reward=reward.describe()), read_rows(sample_path(directory, task)))
    write_results(Measurement(directory, {task: result}, {"name": f"recorded:{source.name}"}))


def _summary(tally: Tally, reward: Reward, task: str, seconds: float, out: str | None) -> dict[str, Any]:
    return {
        "task": task,
        "reward": reward.describe(),
        "rows": tally.rows,
        "judged": tally.judged,
        "mean": tally.mean,
        "stderr": tally.stderr,
        "interval": tally.interval,
        "outcomes": dict(sorted(tally.outcomes.items())),
        "unjudged_reasons": dict(tally.reasons.most_common(5)),
        "seconds": round(seconds, 3),
        "rows_per_second": round(tally.rows / seconds, 1),
        "out": out,
    }


def _render(summary: dict[str, Any]) -> str:
    mean, interval = summary["mean"], summary["interval"]
    lines = [f"{summary['reward']['name']} (version {summary['reward']['version']}) on {summary['rows']} rows"]
    if mean is not None:
        bounds = (
            f" [{100 * interval[0]:.2f}, {100 * interval[1]:.2f}]  (95 % interval; points of 100)" if interval else ""
        )
        lines.append(f"  mean score   {100 * mean:.2f}{bounds or '  (points of 100)'}")
    lines.append("  outcomes     " + ", ".join(f"{name} {count}" for name, count in summary["outcomes"].items()))
    lines += [f"  not judged   {count}: {reason}" for reason, count in summary["unjudged_reasons"].items()]
    lines.append(f"  rate         {summary['rows_per_second']:,.0f} rows/s")
    if summary["out"]:
        lines.append(f"  written to   {summary['out']}")
    return "\n".join(lines)
