"""Replay from a point between base and tuned model: a few steps of supervised fine-tuning with old lessons mixed in."""

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from holdfast.errors import UsageError
from holdfast.trainers.run.run_dir import directory_of
from holdfast.trainers.settings.config import DataConfig, GuardConfig, ReplayConfig, TrainConfig, TrainerConfig

_KEPT = ("learning_rate", "per_device_train_batch_size", "gradient_accumulation_steps", "max_length", "use_cpu", "bf16")
"""Settings of the run's trainer that the replay keeps, whichever trainer it was."""
_LEFT = re.compile(
    r"push_to_hub|hub_\w+|report_to|run_name|project|trackio_\w+|\w*eval\w*|load_best_model_at_end|metric_for_best_model"
    r"|greater_is_better|resume_from_checkpoint|save_\w+"
)
"""Settings that a replay leaves out even of the same trainer: it publishes nothing, is no run of a tracker, evaluates
nothing and keeps no checkpoints."""


@dataclass(frozen=True)
class Replay:
    """How many steps of replay, and of which rows."""

    steps: int
    ratio: float = 0.5
    """Share of the rows that are old lessons."""
    data: Any = None
    """As `data.replay.data`; None: the run's own."""


def replay_of(config: TrainConfig, steps: int, ratio: float, data: str | None) -> Replay:
    """What `replay=` asks for. Raises UsageError when there are no old lessons, or the run trained an adapter."""
    if steps < 1 or not 0 < ratio < 1:
        raise UsageError(f"replay takes at least one step and a ratio between 0 and 1, not {steps} and {ratio:g}")
    if config.lora.r is not None:
        raise UsageError("replay= trains full weights, and this run trained an adapter: leave it out")
    what = data or _own_lessons(config)
    if what is None:
        raise UsageError(
            "replay= needs old lessons, and the run names none: give replay_data=<file, hub id, conf/data>"
        )
    return Replay(steps, ratio, what)


def _own_lessons(config: TrainConfig) -> Any:
    """The old lessons of the run itself: what its base model wrote, or the data it mixed in."""
    file = directory_of(config) / "replay" / "rows.jsonl"
    return str(file) if config.data.replay.source == "self" and file.is_file() else config.data.replay.data


def train_on_replay(config: TrainConfig, start: Callable[[Path], None], replay: Replay, out: Path) -> None:
    """Train `how.steps` steps from the checkpoint that `start` writes, into the checkpoint `out`."""
    from holdfast.trainers.estimate.checks import check
    from holdfast.trainers.job.training import train
    from holdfast.trainers.run.run_dir import open_run

    work = out.parent / "replay"
    begin = work.parent / "start"
    if not (begin / "config.json").is_file():
        start(begin)
    settings = replace(
        config,
        trainer=TrainerConfig("sft", _arguments(config, replay.steps)),
        model=replace(config.model, path=str(begin)),
        data=_lessons(config, replay),
        guard=GuardConfig(),
        reward=None,
        early_stopping=None,
        out=str(work),
    )
    check(settings)
    train(settings, open_run(settings))
    shutil.rmtree(out, ignore_errors=True)
    (work / "checkpoint").rename(out)
    shutil.rmtree(work)
    shutil.rmtree(begin)


def _arguments(config: TrainConfig, steps: int) -> dict[str, Any]:
    own_arguments = config.trainer.args
    kept = (
        {key: value for key, value in own_arguments.items() if not _LEFT.fullmatch(key)}
        if config.trainer.name == "sft"
        else {key: own_arguments[key] for key in _KEPT if key in own_arguments}
    )
    # A fresh optimizer's first steps are its largest: without warm-up they would undo what the line has mended.
    return {**kept, "max_steps": steps, "warmup_steps": max(1, steps // 5), **_NOTHING_BESIDE}


_NOTHING_BESIDE = {"save_strategy": "no", "eval_strategy": "no", "push_to_hub": False, "report_to": "none"}


def _lessons(config: TrainConfig, replay: Replay) -> DataConfig:
    """The run's own rows with old lessons mixed in; old lessons alone where its rows hold no answers to learn from."""
    from holdfast.trainers.settings.data_sets import named_data

    if config.trainer.name == "sft":
        return replace(config.data, replay=ReplayConfig(replay.ratio, replay.data))
    return named_data(replay.data)
