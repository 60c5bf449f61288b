"""Every mistake of a training's settings that can be found before a model is loaded."""

from pathlib import Path

from holdfast.trainers.data import self_replay
from holdfast.trainers.data.sources import named_rows
from holdfast.trainers.models import model
from holdfast.trainers.models.adapters import lora
from holdfast.trainers.run.rewards import rewards_of, try_own
from holdfast.trainers.settings import trl_args
from holdfast.trainers.settings.catalogue import find_trainer
from holdfast.trainers.settings.config import TrainConfig


def check(config: TrainConfig) -> None:
    """Raise UsageError for a setting that cannot be, DataError for rows the trainer cannot read."""
    trainer = find_trainer(config.trainer.name)
    trl_args.check(config.trainer.name, config.trainer.args)
    trl_args.check_run(config.trainer.args, config.data.validation is not None)
    trl_args.build(config.trainer.name, config.trainer.args, Path("unused"), config.seed)
    lora(config.lora)
    model.check_quantized(config.model, config.lora.r is not None)
    rewards = rewards_of(config.reward or config.data.reward) if trainer.learns_from_reward else []
    data_root = Path(config.data_root) if config.data_root else None
    row = next(named_rows(config.data, config.seed, data_root), None)
    if row is not None:
        try_own(rewards, trainer.row(row, config.data))
    self_replay.check(config)
