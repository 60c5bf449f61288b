"""What is to be told of how often the items were answered."""

from holdfast.compare.reading.pairing import Pairs
from holdfast.runs.measurement import TaskResult


def answer_warnings(pairs: Pairs, before: TaskResult) -> list[str]:
    """Warnings: a sampled baseline measured once, items with unequal numbers of rows, runs with unequal ones."""
    task, warnings = pairs.task, []
    if pairs.before.repeats == 1 and _sampled(before):
        warnings.append(
            f"{task}: the baseline is sampled and was measured once: an unlucky one alarms again and again (one in "
            "twenty: in a quarter of the comparisons); measure it with repeats=8, once for all comparisons"
        )
    ends = [(int(items.counts.min()), int(items.counts.max())) for items in (pairs.before, pairs.after)]
    if ends[0] == ends[1] and ends[0][0] < ends[0][1]:
        warnings.append(
            f"{task}: items have {ends[0][0]} to {ends[0][1]} rows: some were written twice, or repeats are missing; "
            "means are compared"
        )
    if pairs.before.repeats != pairs.after.repeats:
        warnings.append(
            f"{task}: an item has up to {pairs.before.repeats} answers before and up to {pairs.after.repeats} after; "
            "means are compared"
        )
    return warnings


def _sampled(result: TaskResult) -> bool:
    """Whether the answers were drawn at random (temperature above 0)."""
    temperature = result.generation.get("temperature")
    return isinstance(temperature, int | float) and temperature > 0 and result.generation.get("do_sample") is not False
