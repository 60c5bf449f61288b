"""What a trainer is, declared once, and the generic code that makes TRL's trainer of it.

A trainer is one file of `holdfast.trainers` with a `TRAINER`, and one YAML in conf/trainer. One of your own may lie
anywhere: `trainer.name=my_module:TRAINER`.
"""

import importlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from holdfast.errors import DataError, UsageError, install_hint
from holdfast.masking import masked_text
from holdfast.reward import Reward
from holdfast.trainers.settings.config import DataConfig
from holdfast.trainers.settings.tool_calls import for_template

Row = dict[str, Any]
RowFormat = Callable[[Row, DataConfig], Row]
"""From a row with our column names to the row that TRL reads. Raises DataError for a row that does not fit."""


@dataclass
class Inputs:
    """What TRL's trainer is made of."""

    model: Any
    tokenizer: Any
    rows: Sequence[Row]
    data: DataConfig
    args: Any
    """The arguments as TRL's config class."""
    rewards: list[Reward] = field(default_factory=list)
    peft: Any = None
    callbacks: list[Any] = field(default_factory=list)
    tools: list[Any] = field(default_factory=list)
    """Functions that the model calls while it writes."""
    validation: Sequence[Row] = ()
    """Rows held out for evaluation."""

    def dataset(self, row_format: RowFormat, rows: Sequence[Row] | None = None) -> Any:
        """The rows in a trainer's format, as a `datasets.Dataset`. Raises DataError naming a row that does not fit."""
        from datasets import Dataset
        from pyarrow.lib import ArrowException

        shaped: list[Row] = []
        for number, row in enumerate(self.rows if rows is None else rows):
            try:
                shaped.append(row_format(row, self.data))
            except DataError as error:
                raise DataError(f"training row {number}: {error}") from error
        check_one_shape(shaped)
        columns = dict.fromkeys(column for row in shaped for column in row)  # datasets takes the first row's alone
        try:
            # Without use_json every mapping of a column would get the keys of all: a tool's call others' arguments.
            return Dataset.from_list(
                [for_template({column: row.get(column) for column in columns}) for row in shaped],
                on_mixed_types="use_json",
            )
        except ArrowException as error:
            raise DataError(f"training rows do not have one type per column: {error}") from error


def check_one_shape(rows: Sequence[Row]) -> None:
    """Raise DataError for rows that TRL would read by the first one's columns, in which they do not have their text."""
    names = ("prompt", "completion", "messages", "chosen", "rejected")
    shapes: dict[tuple[str, ...], int] = {}
    for number, row in enumerate(rows):
        shapes.setdefault(tuple(name for name in names if name in row) or ("text",), number)
    if len(shapes) > 1:
        (one, first), (other, second), *_ = shapes.items()
        raise DataError(
            f"training row {first} has {' and '.join(one)}, row {second} {' and '.join(other)}: one training reads rows"
            " of one shape; make them alike, or train on one after the other"
        )


def _no_more(_inputs: Inputs) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, kw_only=True)
class Trainer:
    """A trainer's declaration: all that the rest of Holdfast knows of it."""

    name: str = ""
    """On the command line; default: the file's name."""
    config: str
    """The TRL config dataclass: a name of `trl`, or `module:Name`."""
    trainer: str
    """The TRL trainer, named in the same way."""
    row: RowFormat
    columns: Sequence[Sequence[str]]
    """Sets of columns that this trainer reads, the usual set first."""
    learns_from_reward: bool = False
    """It writes completions and is handed `reward=` to judge them."""
    generates: bool = False
    """It writes completions of up to `max_completion_length` tokens while it trains, judged or not."""
    reference_model: bool = False
    """Full training with a `beta` other than 0 keeps a second copy of the model."""
    answers_per_row: int = 1
    """Sequences that a row becomes: 2 for preference pairs."""
    usual: bool = False
    """A data card supposes this trainer for its columns where none is named."""
    plays: bool = False
    """It can play episodes: TRL gives it a rollout function."""
    writes_text: bool = True
    """What it trains writes text, so that a suite can measure it; false for reward models."""
    row_of: Callable[[Any], RowFormat] | None = None
    """Chooses another row format by the TRL config."""
    arguments: Callable[[Inputs], Mapping[str, Any]] = _no_more
    """Keyword arguments of TRL's trainer besides, or in place of, the usual ones. Raises UsageError."""
    needs: Mapping[str, str] = field(default_factory=dict)
    """Fields of `trainer.args` that must be given, each with what it is."""

    @property
    def writes_while_training(self) -> bool:
        """Whether completions are generated in the training."""
        return self.generates or self.learns_from_reward

    def row_format(self, args: Any) -> RowFormat:
        """The format of the rows under these settings."""
        return self.row_of(args) if self.row_of else self.row

    def config_class(self) -> type[Any]:
        """TRL's config dataclass. Raises UsageError when this TRL has none."""
        found: type[Any] = _of_trl(self.config)
        return found

    def build(self, inputs: Inputs) -> Any:
        """TRL's trainer, ready for `.train()`."""
        row_format = self.row_format(inputs.args)
        arguments: dict[str, Any] = {
            "model": inputs.model,
            "args": inputs.args,
            "train_dataset": inputs.dataset(row_format),
            "processing_class": inputs.tokenizer,
            "peft_config": inputs.peft,
            "callbacks": inputs.callbacks,
        }
        if inputs.tools:
            arguments["tools"] = inputs.tools
        if inputs.validation:
            arguments["eval_dataset"] = inputs.dataset(row_format, inputs.validation)
        if self.learns_from_reward:
            from holdfast.rewards.adapters.trl import together

            arguments["reward_funcs"] = together(*inputs.rewards)
        arguments |= dict(self.arguments(inputs))
        made = _of_trl(self.trainer)
        try:
            return made(**arguments)
        except (ValueError, TypeError, KeyError, ImportError, NotImplementedError, OSError) as error:
            if getattr(error, "errno", None) is not None:
                raise  # the system's: a full disk, a file that cannot be read
            first = str(error).strip().partition("\n")[0] or type(error).__name__
            raise UsageError(f"trl.{made.__name__} refuses this training: {masked_text(first)}") from error


def _of_trl(name: str) -> Any:
    """A class of `trl`, or `module:Name`. Raises UsageError when TRL is missing, or has it no more."""
    module, _, attribute = name.rpartition(":")
    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")  # our docs say which trainers are experimental
    try:
        return getattr(importlib.import_module(module or "trl"), attribute)
    except ModuleNotFoundError as error:
        raise UsageError(f"training needs TRL ({error}): {install_hint('train')}") from error
    except AttributeError as error:
        raise UsageError(f"the installed TRL has no {name}: {error}") from error
