"""APPS, TACO and what was made of them (Eurus-2, DeepCoder): two lists, inputs and outputs, and a function's name."""

from collections.abc import Mapping
from typing import Any

from holdfast.rewards.sandbox.formats.base import (
    BadRowError,
    Format,
    call_cases,
    entry_point,
    first_text,
    has,
    megabytes_of,
    parsed,
    seconds_of,
    stdin_cases,
    with_solution,
)  # fmt: skip


def from_columns(row: Mapping[str, Any], starter: str = "") -> dict[str, Any]:
    """The reference of `{"inputs": …, "outputs": …, "fn_name": …}`."""
    inputs, outputs = parsed(row["inputs"]), parsed(row["outputs"])
    if row.get("fn_name"):
        name = entry_point(str(row["fn_name"]), starter)
        return {"style": "function", "entry_point": name, "tests": call_cases(inputs, outputs), "any_class": True}
    return {"style": "stdin", "tests": stdin_cases(inputs, outputs)}


def _apps(row: Mapping[str, Any]) -> dict[str, Any]:
    column = parsed(row["input_output"])
    if not isinstance(column, Mapping):
        raise BadRowError("the row has no tests (input_output is empty)")
    reference = from_columns(column, str(row.get("starter_code") or ""))
    if row.get("time_limit"):
        reference["time_limit"] = seconds_of(row["time_limit"])
    if row.get("memory_limit") and (size := megabytes_of(row["memory_limit"])):
        reference["memory_limit"] = max(64, int(size))
    return with_solution(reference, first_text(row.get("solutions") or ""))


def _ground_truth(row: Mapping[str, Any]) -> dict[str, Any]:
    model = row["reward_model"]
    return from_columns(parsed(model["ground_truth"]))


def _is_eurus(row: Any) -> bool:
    if not has("reward_model")(row) or not isinstance(row["reward_model"], Mapping):
        return False
    return has("inputs", "outputs")(parsed(row["reward_model"].get("ground_truth")))


FORMATS = [
    Format("apps", "APPS, TACO", has("input_output"), _apps, ("question", "problem")),
    Format("eurus", "Eurus-2-RL-Data", _is_eurus, _ground_truth, ("prompt",)),
    Format("inputs_outputs", "the column of APPS, TACO, Eurus-2 or DeepCoder", has("inputs", "outputs"), from_columns),
]
