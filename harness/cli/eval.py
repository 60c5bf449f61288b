"""Measure a model on a suite, or two models and compare them.

  holdfast eval model=Qwen/Qwen3-0.6B suite=quick
  holdfast eval model=runs/a/checkpoint against=Qwen/Qwen3-0.6B suite=quick   the verdict is the exit code
  holdfast eval model=tiny suite=tiny noise=true                                twice the same weights: the noise floor
  holdfast eval model=my/model backend=vllm backend_args.tensor_parallel_size=2 suite=core
  holdfast eval model=served backend=local-chat-completions suite=[gsm8k,ifeval] \\
                backend_args.base_url=http://localhost:8000/v1/chat/completions backend_args.num_concurrent=32
  holdfast eval -m model=a,b,c suite=quick                                      one evaluation after the other
  torchrun --nproc_per_node 8 -m holdfast eval model=… suite=core               a copy of the model on each of 8 GPUs

keys
  model= against=    DIRECTORY | HUB_ID | tiny | {model: …, backend: …}    revision= dtype= device= tokenizer=
  suite=             NAME | FILE.yaml | TASK | [TASK, …]       limit=ITEMS_PER_TASK
  sizes=[TASK:ITEMS, …]   in the place of the suite's own limits
  batch_size= max_tokens= max_length= chat=true|false chat_template_args.enable_thinking=false thinking=[OPEN,CLOSE]
  peft=DIRECTORY|HUB_ID quantization=4bit|8bit    backend=NAME backend_args.KEY=VALUE
  repeats=N sampling.temperature=0.6 sampling.top_p=0.95 sampling.coupled=true seed=
  target=[TASK, …] margin=POINTS draft=auto|before|off stop=never|decided noise=true
  out= data_root= cache= export=DIR (lm-eval's format)

The same command resumes an evaluation that was killed: no finished item is generated twice. Without against= the exit
code is 0; with it 0 pass, 1 regressed, 2 inconclusive.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from holdfast.cli.grammar import Flags, unknown_flag
from holdfast.errors import HoldfastError
from holdfast.logs import notice
from holdfast.masking import masked, masked_text
from holdfast.process.distributed import is_main

if TYPE_CHECKING:
    from rich.table import Table

    from holdfast.benchmarks.engine.evaluate import Evaluation

HYDRA = True


def run_hydra(overrides: Sequence[str], flags: Flags) -> int:
    """One evaluation, or with `-m` one for each combination of values."""
    from holdfast.benchmarks.engine.evaluate import evaluate
    from holdfast.benchmarks.suites.compose import COMPOSER, compose, jobs

    assignments = [word for word in overrides if not word.startswith("-")]
    switches = [word for word in overrides if word.startswith("-")]
    for switch in switches:
        if switch not in ("-m", "--multirun"):
            raise unknown_flag(switch, COMPOSER.knows, "-m", "--multirun")
    if switches:
        return _sweep([list(job) for job in jobs(assignments)], flags)
    config = compose(assignments)
    done = evaluate(config)
    _print_result(done, flags)
    return done.exit_code


def _sweep(jobs: Sequence[Sequence[str]], flags: Flags) -> int:
    """Every job runs, whatever came of those before it; 0 when all finished, else the first failure's code."""
    from holdfast.benchmarks.engine.evaluate import evaluate
    from holdfast.benchmarks.suites.compose import compose

    failed = 0
    records = []
    for number, overrides in enumerate(jobs, start=1):
        words = [masked(word) for word in overrides]
        notice(f"[{number}/{len(jobs)}] {' '.join(words)}")
        try:
            config = compose(overrides)
            done = evaluate(config)
        except HoldfastError as error:
            said = masked_text(str(error))
            print(f"holdfast: {said}", file=sys.stderr)
            failed = failed or error.exit_code
            records.append({"words": words, "error": said, "exit_code": error.exit_code})
            continue
        records.append({"words": words, **record(done)})
        if not flags.json:
            _print_result(done, flags)
    if flags.json and is_main():
        print(json.dumps(records, ensure_ascii=False))
    return failed


def _print_result(done: "Evaluation", flags: Flags) -> None:
    if not done.first:
        return
    if flags.json:
        print(json.dumps(record(done), ensure_ascii=False))
        return
    from rich.console import Console

    from holdfast.report.fitted import Fitted

    if done.comparison is None:
        Console().print(Fitted(_table(done)))
        for line in _refusals(done):
            print(line)
        print(f"rows: {done.out / 'samples'}")
        return
    from holdfast.report import terminal
    from holdfast.runs.saved import saved

    Console().print(terminal(done.comparison))
    if spared := saved(done.after.directory):
        Console(highlight=False).print(f"saved: {spared['sentence']}", markup=False)
    print(f"report: {done.out / 'report.html'}")


def record(done: "Evaluation") -> dict[str, object]:
    """What --json prints of an evaluation."""
    from dataclasses import asdict

    return {
        "out": str(done.out),
        "exit_code": done.exit_code,
        "model": dict(done.after.model),
        "tasks": {name: asdict(result) for name, result in done.after.tasks.items()},
        "comparison": done.comparison.to_json() if done.comparison else None,
    }


_COUNTS = ("prompts_cut", "budgets_cut", "refused")
"""Metrics that are numbers of items."""


def _refusals(done: "Evaluation") -> Iterator[str]:
    """A line for each reason for which a server refused items."""
    for name, result in done.after.tasks.items():
        if result.metrics.get("refused"):
            reasons = Counter(row.reason for row in done.after.rows(name) if row.finish_reason == "refused")
            yield from (f"{name}: {count} items: {reason}" for reason, count in reasons.most_common(3))


def _table(done: "Evaluation") -> "Table":
    """Results of one model, in points."""
    from rich.table import Table

    table = Table(title=f"{done.after.model['name']}  ({done.out})", title_justify="left")
    for heading, justify in (("task", "left"), ("metric", "left"), ("score", "right"), ("±", "right"),
                             ("n", "right"), ("chance", "right"), ("cut", "right"), ("unjudged", "right")):  # fmt: skip
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for name, result in done.after.tasks.items():
        points = [None if x is None else f"{100 * x:.1f}" for x in (result.mean, result.stderr, result.chance)]
        counts = [str(result.truncated or ""), str(result.unjudged or "")]
        table.add_row(name, result.metric, points[0] or "-", points[1] or "", str(result.n), points[2] or "", *counts)
        for key, value in result.metrics.items():
            table.add_row("", key, f"{value:.0f}" if key in _COUNTS else f"{100 * value:.1f}")
    return table
