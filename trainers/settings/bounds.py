"""What numbers a training's settings may be, and which settings do nothing without another one."""

import logging
from collections.abc import Iterator
from typing import Any

from holdfast.benchmarks.tiny import EMBEDDED
from holdfast.errors import UsageError
from holdfast.trainers.settings.config import DataConfig, FilterConfig, GuardConfig, TrainConfig
from holdfast.trainers.settings.data_sets import parts

log = logging.getLogger("holdfast")

BOUNDS: dict[str, tuple[float, float]] = {
    "seed": (0, 2**32 - 1),
    "limit": (1, 2**63),
    "margin": (0, 100),
    "checkpoints": (0, 10_000),
    "model.batch_size": (1, 2**63),
    "model.threads": (1, 4096),
    "lora.r": (1, 2**63),
    "lora.dropout": (0, 1),
    "data.limit": (1, 2**63),
    "data.max_cut": (0, 1),
    "data.filter.similarity": (0, 1),
    "guard.every": (0, 2**63),
    "guard.limit": (1, 2**63),
    "guard.pool": (1, 2**63),
    "guard.alpha": (0, 1),
    "guard.margin": (0, 100),
}
"""The least and the greatest value of a setting, both allowed; null is always."""
_OF_A_RUN = {
    "resume_from_checkpoint": "the same command goes on from the newest checkpoint",
    "dataset_text_field": "data.columns.text names the column of plain text",
}
"""Fields of TRL's that a run sets itself."""


def check_bounds(config: TrainConfig) -> None:
    """Raise UsageError for a number outside of what its setting may be, naming both."""
    for key, (least, most) in BOUNDS.items():
        value: Any = config
        for name in key.split("."):
            value = getattr(value, name)
        if value is not None and not least <= value <= most:
            allowed = f"at least {least}" if most >= 2**63 else f"between {least} and {most}"
            raise UsageError(f"{key} must be {allowed}, not {value}")


def check_effect(config: TrainConfig) -> None:
    """Raise UsageError for a setting that nothing of this run can follow."""
    for name, why in _OF_A_RUN.items():
        if config.trainer.args.get(name) is not None:
            raise UsageError(f"trainer.args.{name} has no effect here: {why}; leave it out")
    if config.model.revision is not None and config.model.path in EMBEDDED:
        raise UsageError(f"model.revision has no effect: model {config.model.path} is part of Holdfast; leave it out")
    for part, _ in parts(config.data):
        for name in ("split", "name", "revision", "file"):
            if part.path.startswith("tiny:") and getattr(part, name) != getattr(DataConfig(), name):
                raise UsageError(f"data.{name} has no effect: the rows of {part.path} are generated; leave it out")


def tell_idle(config: TrainConfig, learns_from_reward: bool) -> None:
    """Say which settings do nothing while another one is off, as they may be in a sweep over that one."""
    for key, needed in _idle(config, learns_from_reward):
        log.warning("%s has no effect: %s", key, needed)


def _idle(config: TrainConfig, learns_from_reward: bool) -> Iterator[tuple[str, str]]:
    filters = config.data.filter
    if not config.guard.every:
        for key in ("policy", "tasks", "limit", "pool", "alpha", "margin"):
            if getattr(config.guard, key) != getattr(GuardConfig(), key):
                yield f"guard.{key}", "guard.every=0 leaves the guard off"
    if config.reward is not None and not learns_from_reward:
        yield "reward", f"trainer={config.trainer.name} learns from its rows"
    if filters.similarity != FilterConfig().similarity and filters.duplicates != "near":
        yield "data.filter.similarity", "it goes with data.filter.duplicates=near"
    if filters.min_reward != FilterConfig().min_reward and filters.reward is None:
        yield "data.filter.min_reward", "it goes with data.filter.reward=…"
    if filters.tokenizer is not None and filters.max_tokens is None:
        yield "data.filter.tokenizer", "it goes with data.filter.max_tokens=…"
