"""How many items a suite measures, known without a download."""

from typing import Any

from holdfast.errors import UsageError

APPROXIMATE = {
    "olympiadbench": 674,
    "mbpp_plus": 378,
    "bfcl": 3_641,
    "perplexity": 62,
    "gpqa_diamond": 198,
    "arc_challenge": 1_172,
    "arc_easy": 2_376,
    "hellaswag": 10_042,
    "truthfulqa_mc1": 817,
    "truthfulqa_mc2": 817,
    "winogrande": 1_267,
    "piqa": 1_838,
    "boolq": 3_270,
    "openbookqa": 500,
    "lambada_openai": 5_153,
    "commonsense_qa": 1_221,
}
"""Benchmarks whose data set fixes no number here (a mirror, or lm-eval's own task): for planning only."""


def suite_sizes(suite: Any) -> list[tuple[str, int, int]]:
    """(task, items, repeats) of each of a suite's benchmarks, limits applied.

    Raises UsageError for a benchmark whose size nobody knows.
    """
    from holdfast.benchmarks.suites.suite import load_suite

    return [_size(entry) for entry in load_suite(suite).entries]


def _size(entry: Any) -> tuple[str, int, int]:
    count = entry.task.source.count if entry.task is not None else None
    if count is None:
        count = APPROXIMATE.get(entry.task.name if entry.task is not None else entry.lm_eval)
    known = [size for size in (count, entry.limit) if size is not None]
    if not known:
        raise UsageError(f"the number of items of {entry.name!r} is not known; give it a limit in the suite")
    repeats = entry.task.repeats if entry.task is not None else int(entry.overrides.get("repeats", 1))
    return entry.name, min(known), repeats
