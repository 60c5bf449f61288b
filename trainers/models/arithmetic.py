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


def _arithmetic(model: Mapping[str, Any]) -> dict[str, Any]:
    key = model.get("key") or {}
    sampling = key.get("generation_config") or {}
    return (
        {name: model[name] for name in _COMPUTED if name in model}
        | {name: key[name] for name in _KEY if name in key}
        | {name: sampling[name] for name in _SAMPLING if name in sampling}
    )
