"""Before and after must be computed in the same way: the weights may differ, the arithmetic may not."""

from collections.abc import Mapping
from typing import Any

from holdfast.errors import DataError
from holdfast.runs.measurement import Measurement

_COMPUTED = ("backend", "dtype", "batch_size")
_KEY = ("device", "loading", "max_length", "chat_template_args", "thinking", "versions")
_SAMPLING = ("temperature", "top_p", "top_k", "min_p", "repetition_penalty", "do_sample", "num_beams")


def check_same(before: Measurement, after: Measurement) -> None:
    """Raise DataError, naming the first difference, when two measurements of a training cannot be compared."""
    one, other = _arithmetic(before.model), _arithmetic(after.model)
    for name in one.keys() & other.keys():
        if one[name] != other[name]:
            raise DataError(
                f"before was measured with {name}={one[name]}, after with {name}={other[name]}: the difference would"
                " not be the training's; measure both in the same way"
            )


def check_scores(measured: Measurement) -> None:
    """Raise DataError for a benchmark whose scores cannot be compared, which would come out after the training."""
    for task in measured.tasks:
        for row in measured.rows(task):
            if row.score is not None and not 0 <= row.score <= 1:
                raise DataError(
                    f"benchmark {task} gives item {row.doc_id} a score of {row.score:g}: as a benchmark a reward must"
                    " give scores from 0 to 1 (for training alone any number will do)"
                )


def _arithmetic(model: Mapping[str, Any]) -> dict[str, Any]:
    key = model.get("key") or {}
    sampling = key.get("generation_config") or {}
    return (
        {name: model[name] for name in _COMPUTED if name in model}
        | {name: key[name] for name in _KEY if name in key}
        | {name: sampling[name] for name in _SAMPLING if name in sampling}
    )
