"""What a trainer's file is handed: the model, the rows and the settings, nothing hidden."""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from holdfast.errors import DataError, UsageError, unknown
from holdfast.reward import Reward
from holdfast.trainers.data.row_formats import Shape
from holdfast.trainers.run.config import DataConfig, LoraConfig


@dataclass
class Job:
    """One training."""

    model: Any
    tokenizer: Any
    rows: Sequence[dict[str, Any]]
    data: DataConfig
    args: Any
    """The TRL config."""
    rewards: list[Reward] = field(default_factory=list)
    peft: Any = None
    callbacks: list[Any] = field(default_factory=list)

    def dataset(self, shape: Shape) -> Any:
        """The rows in a trainer's shape, as a `datasets.Dataset`. Raises DataError naming the row that does not fit."""
        from datasets import Dataset
        from pyarrow.lib import ArrowException

        shaped = []
        for number, row in enumerate(self.rows):
            try:
                shaped.append(shape(row, self.data))
            except DataError as error:
                raise DataError(f"training row {number}: {error}") from error
        try:
            return Dataset.from_list(shaped)
        except ArrowException as error:
            raise DataError(f"training rows do not have one type per column: {error}") from error


def lora(config: LoraConfig) -> Any:
    """peft's LoraConfig, or None when LoRA is off."""
    if config.r is None:
        return None
    if config.r < 1:
        raise UsageError(f"lora.r must be at least 1, not {config.r}")
    try:
        from peft import LoraConfig as PeftConfig
    except ModuleNotFoundError as error:
        raise UsageError("LoRA needs peft: pip install 'holdfast[train]'") from error
    targets: Any = config.targets if config.targets == "all-linear" else config.targets.split(",")
    return PeftConfig(
        r=config.r,
        lora_alpha=config.alpha or 2 * config.r,
        lora_dropout=config.dropout,
        target_modules=targets,
        task_type="CAUSAL_LM",
    )


Build = Callable[[Job], Any]
"""A trainer's file defines `build`: the TRL trainer of a job, ready for `.train()`; and `SHAPE`, its rows."""


def module_of(name: str) -> ModuleType:
    """The trainer's file. Raises UsageError for an unknown trainer."""
    from holdfast.trainers.run.trl_args import CONFIGS

    if name not in CONFIGS:
        raise unknown("trainer", name, CONFIGS)
    return importlib.import_module(f"holdfast.trainers.{'reward_model' if name == 'reward' else name}")


def builder(name: str) -> Build:
    """The `build` of a trainer's file."""
    return module_of(name).build  # type: ignore[no-any-return]


def shape_of(name: str) -> Shape:
    """The shape of a trainer's rows."""
    return module_of(name).SHAPE  # type: ignore[no-any-return]
