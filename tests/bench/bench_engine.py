"""What the engine costs on top of generating: `measure` against a plain loop over `model.generate` and against
`lm_eval.evaluate`, on the embedded model, the same items, batches and texts, in one run.

    python tests/bench/bench_engine.py        prints the Markdown table of docs/bench/engine.md
"""

import logging
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from helpers.lm_eval_export import to_lm_eval

from holdfast.benchmarks.engine.backends.models import LoadedModel, load
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.suites.suite import Entry, Suite
from holdfast.benchmarks.suites.task import Task, find_task

SIZES = (50, 200)
ROUNDS = 7
BATCH = 25


def plain_loop(loaded: LoadedModel, task: Task, docs: Sequence[Any]) -> list[str]:
    """What one writes by hand: render, sort by length, pad, generate, decode."""
    words, model = loaded.tokenizer, loaded.model
    words.padding_side = "left"
    prompts = [words.apply_chat_template(task.messages(d), tokenize=False, add_generation_prompt=True) for d in docs]
    texts = []
    for start in range(0, len(prompts), BATCH):
        batch = sorted(prompts, key=lambda p: (-len(p), p))[start : start + BATCH]
        encoded = words(batch, return_tensors="pt", padding=True, add_special_tokens=False)
        with torch.no_grad():
            out = model.generate(
                **encoded, max_new_tokens=task.max_tokens, do_sample=False, pad_token_id=words.pad_token_id
            )
        texts += [words.decode(row[encoded["input_ids"].shape[1] :], skip_special_tokens=True) for row in out]
    return texts


def lm_eval_run(lm: Any, task: Any, count: int) -> dict[str, Any]:
    """lm-eval's own evaluation of the same task object."""
    from lm_eval import evaluate

    found = evaluate(
        lm=lm,
        task_dict={"tasks": {"t": task}},
        limit=count,
        apply_chat_template=True,
        bootstrap_iters=0,
        verbosity="ERROR",
    )
    return dict(found or {})


def ours(loaded: LoadedModel, task: Task, count: int) -> list[str]:
    """The engine, into a fresh directory: persistence, scoring and results included."""
    suite = Suite(name="bench", entries=(Entry(name=task.name, task=task),))
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(batch_size=BATCH, limit=count, progress=False)
        return [row.completion for row in measure(loaded, suite, Path(folder), settings=settings).rows(task.name)]


def timed(work: Callable[[], Any]) -> float:
    """Seconds of processor time of all threads: what the neighbours on a busy machine do not change."""
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    from lm_eval.models.huggingface import HFLM

    from holdfast.benchmarks.suites.source import load_docs

    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    loaded, task = load("tiny"), find_task("tiny_python")
    docs = load_docs(task.source, None, task.name)
    lm, foreign = HFLM(pretrained=loaded.model, tokenizer=loaded.tokenizer, batch_size=BATCH), to_lm_eval(task)
    foreign.set_fewshot_seed(1)
    assert sorted(plain_loop(loaded, task, docs)) == sorted(ours(loaded, task, len(docs))), "the texts differ"
    seconds: dict[tuple[str, int], list[float]] = {}
    for _ in range(ROUNDS):
        for size in SIZES:
            runs = {
                "plain loop": partial(plain_loop, loaded, task, docs[:size]),
                "lm_eval.evaluate": partial(lm_eval_run, lm, foreign, size),
                "holdfast measure": partial(ours, loaded, task, size),
            }
            for name, run in runs.items():
                seconds.setdefault((name, size), []).append(timed(run))
    report({key: statistics.median(values) for key, values in seconds.items()})


def report(median: dict[tuple[str, int], float]) -> None:
    """The table: seconds, and what is added per sample (slope between the sizes) and once (the rest)."""
    small, large = SIZES
    base = {size: median["plain loop", size] for size in SIZES}
    print(f"{platform.machine()}, {torch.get_num_threads()} thread, batch {BATCH}, median of {ROUNDS} rounds\n")
    print(f"| | {small} items, s | {large} items, s | added per sample, ms | added once, s |")
    print("|---|---|---|---|---|")
    for name in ("plain loop", "lm_eval.evaluate", "holdfast measure"):
        added = {size: median[name, size] - base[size] for size in SIZES}
        slope = (added[large] - added[small]) / (large - small)
        once = added[small] - slope * small
        cells = f"{median[name, small]:.3f} | {median[name, large]:.3f}"
        print(f"| {name} | {cells} | {1000 * slope:.2f} | {once:.3f} |")


if __name__ == "__main__":
    main()
