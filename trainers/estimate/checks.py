"""Every mistake of a training's settings that can be found before a model is loaded."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from holdfast import values
from holdfast.benchmarks.engine.backends.models import check_place
from holdfast.benchmarks.engine.keeping.draft_source import Mode
from holdfast.benchmarks.tiny import EMBEDDED
from holdfast.errors import DataError, UsageError
from holdfast.process.distributed import is_main
from holdfast.reward import Reward
from holdfast.trainers.data.formats.needed_columns import mapping
from holdfast.trainers.data.generated import self_replay
from holdfast.trainers.data.mix import first_rows
from holdfast.trainers.data.several import check_template
from holdfast.trainers.episodes.rows import ways
from holdfast.trainers.models import model
from holdfast.trainers.models.adapters import lora
from holdfast.trainers.run.own_tools import own_tools
from holdfast.trainers.run.rewards import rewards_of, try_own
from holdfast.trainers.settings import trl_args
from holdfast.trainers.settings.bounds import check_bounds, check_effect, tell_idle
from holdfast.trainers.settings.catalogue import builtin_trainers, find_trainer
from holdfast.trainers.settings.config import DataConfig, TrainConfig
from holdfast.trainers.settings.data_sets import reward_of
from holdfast.trainers.settings.trainer_spec import Row, RowFormat, check_one_shape

LOOKED_AT = 2_000
"""Rows that are looked at before anything is measured."""


def check(config: TrainConfig) -> None:
    """Raise UsageError for a setting that cannot be, DataError for rows the trainer cannot read."""
    trainer = find_trainer(config.trainer.name)
    found = ways(config.data)
    if "played" in found and not trainer.plays:
        raise UsageError(
            f"trainer {config.trainer.name!r} cannot play episodes, as TRL gives its {trainer.trainer} no rollout"
            f" function: take {' or '.join(players())}, or learn from right episodes with"
            " environment={env: …, demonstrations: true}"
        )
    if "demonstrated" in found and trainer.learns_from_reward:
        raise UsageError(f"trainer {config.trainer.name!r} learns from rewards: leave demonstrations out")
    check_bounds(config)
    check_effect(config)
    values.check("draft", config.draft, Mode)
    values.check("stop", config.stop, Literal["never", "decided"])
    if config.stop == "decided" and not config.margin:
        raise UsageError("stop=decided needs margin=POINTS: which loss is to be ruled out")
    trl_args.check(config.trainer.name, config.trainer.args)
    validation = config.data.validation is not None
    trl_args.check_run(config.trainer.args, validation)
    trl_args.check_early_stopping(config.trainer.name, config.early_stopping, validation)
    args = trl_args.evaluated(config.trainer.args, validation, config.early_stopping)
    built = trl_args.build(config.trainer.name, args, Path("unused"), config.seed)
    if config.model.path not in EMBEDDED:
        check_place(config.model.path)
    lora(config.lora)
    model.check_quantized(config.model, config.lora.r is not None)
    check_guard(config)
    check_tools(config)
    rewards = rewards_of(config.reward or reward_of(config.data)) if trainer.learns_from_reward else []
    data_root = Path(config.data_root) if config.data_root else None
    rows = list(first_rows(config.data, config.seed, data_root, LOOKED_AT))
    check_template(rows, config.data)
    shaped = shaped_rows(rows, trainer.row_format(built), config.data)
    if shaped:
        check_references(rewards, shaped)
        try_own(rewards, shaped[0])
        check_one_shape(shaped)
    self_replay.check(config)
    if is_main():
        tell_idle(config, trainer.learns_from_reward)


def check_guard(config: TrainConfig) -> None:
    """Raise UsageError for a skill that is trained for and guarded as held at once."""
    conflicts = [name for name in config.guard.tasks if name in config.target]
    if conflicts and config.guard.every:
        raise UsageError(f"guard.tasks names {conflicts[0]}, which is a target: the guard watches what is to be held")


def check_tools(config: TrainConfig) -> None:
    """Raise UsageError for tools that a trainer cannot call, or beside an environment, which has its own."""
    if not config.tools:
        return
    if not find_trainer(config.trainer.name).plays:
        raise UsageError(f"tools= are called while answers are written: trainer=grpo, not {config.trainer.name}")
    if config.data.environment is not None:
        raise UsageError("tools= and an environment, whose tools are its own, cannot both be given")
    own_tools(config.tools)


def shaped_rows(rows: Sequence[Row], row_format: RowFormat, data: DataConfig) -> list[Row]:
    """The rows as the trainer reads them. Raises DataError for one that does not fit, unless such rows are left out."""
    found = []
    for number, row in enumerate(rows):
        try:
            found.append(row_format(row, data))
        except DataError as error:
            if not data.filter.broken:
                raise DataError(
                    f"training row {number}: {error}; data.filter.broken=true leaves such rows out"
                ) from error
    return found


def check_references(rewards: Sequence[Reward], rows: Sequence[Row]) -> None:
    """Raise UsageError for a reward whose column of references no row has, naming the one that may be meant."""
    for reward in rewards:
        if reward.needs_reference and not any(reward.reference in row for row in rows):
            hint = mapping(rows[0], [reward.reference], [reward.reference])
            hint = hint if reward.reference == "reference" else f"reward={{reward: {reward.name}, reference: …}}"
            raise UsageError(
                f"reward {reward.name!r} reads its reference from column {reward.reference!r}, which the data set lacks"
                f" (available: {', '.join(sorted(map(str, rows[0])))}); name it with {hint}"
            )


def players() -> list[str]:
    """The trainers that play episodes."""
    return [name for name, trainer in builtin_trainers().items() if trainer.plays]
