"""The training phase: from a starting model to `checkpoint/`, resumed after a kill, never done twice."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from holdfast.files import digest, read_json, write_json
from holdfast.logs import quiet_libraries
from holdfast.masking import without_secrets
from holdfast.process.distributed import is_main
from holdfast.trainers.data import contamination, row_filter, unused_columns
from holdfast.trainers.data.card import training_card
from holdfast.trainers.data.generated import self_replay
from holdfast.trainers.data.mix import split_validation, training_rows
from holdfast.trainers.data.several import origin
from holdfast.trainers.estimate.endings import check_share, endings, record, stop_tokens
from holdfast.trainers.models import model
from holdfast.trainers.models.adapters import lora
from holdfast.trainers.run import validation
from holdfast.trainers.run.checkpoint_eval import suite_of
from holdfast.trainers.run.own_tools import own_tools
from holdfast.trainers.run.rewards import rewards_of
from holdfast.trainers.run.run_dir import amend_manifest, default_cache, keep_rows
from holdfast.trainers.settings import trl_args
from holdfast.trainers.settings.catalogue import find_trainer
from holdfast.trainers.settings.config import TrainConfig
from holdfast.trainers.settings.data_sets import reward_of
from holdfast.trainers.settings.trainer_spec import Inputs


def train(config: TrainConfig, out: Path, callbacks: list[Any] | None = None) -> dict[str, Any]:
    """Train and write `out`/checkpoint, or return what a finished training wrote down.

    Raises DataError for a loss that is no number.
    """
    if (out / "training.json").is_file():
        return read_json(out / "training.json")
    start = time.time()
    with quiet_libraries():
        trainer = build(config, out, callbacks)
        result = trainer.train(resume_from_checkpoint=_last_checkpoint(out / "training"))
        _save(trainer, out)
    facts = {
        "seconds": round(time.time() - start, 3),
        "steps": result.global_step,
        "metrics": result.metrics,
        "log": trainer.state.log_history,
    }
    if is_main():
        if found := validation.course(trainer.state.log_history):
            amend_manifest(out, validation=found)
        write_json(out / "training.json", facts)
    return facts


def build(config: TrainConfig, out: Path, callbacks: list[Any] | None = None) -> Any:
    """The TRL trainer of a run, model and rows loaded."""
    from transformers import PrinterCallback

    trainer = find_trainer(config.trainer.name)
    data_root = Path(config.data_root) if config.data_root else None
    written = self_replay.written_rows(config, out)
    dropped: list[dict[str, Any]] = []
    rows = training_rows(config.data, config.seed, data_root, written, dropped)
    rows, validation = split_validation(rows, config.data, config.seed, data_root)
    if is_main():
        unused_columns.warn(rows, trainer, config.trainer.name, config.data)
        row_filter.record(dropped, out)
        replayed = {"replay": self_replay.record(out)} if written else {}
        keep_rows(out, _facts(config, rows))
        amend_manifest(out, **replayed)
        contamination.record(config, rows, out)
        training_card.record(config, rows, out)
    # First the settings: several processes meet there, and FSDP and ZeRO-3 spread the weights as they are read.
    trl_settings = trl_args.evaluated(config.trainer.args, bool(validation), config.early_stopping)
    args = trl_args.build(config.trainer.name, trl_settings, out / "training", config.seed)
    loaded = model.load_base(config.model, training=True, lora=config.lora.r is not None)
    model.check_template(loaded.tokenizer, config)
    rewards = rewards_of(config.reward or reward_of(config.data)) if trainer.learns_from_reward else []
    if rewards and is_main():
        amend_manifest(out, rewards=[without_secrets(reward.describe()) for reward in rewards])
    found = endings(
        rows,
        trainer,
        args,
        config.data,
        loaded.tokenizer,
        stop_tokens(loaded.tokenizer, loaded.model.generation_config),
    )
    if is_main():
        record(found, out)
    check_share(found, config.data.max_cut)
    lost = set(found.lost)
    rows = [row for number, row in enumerate(rows) if number not in lost]
    inputs = Inputs(
        model=loaded.model,
        tokenizer=loaded.tokenizer,
        rows=rows,
        validation=validation,
        data=config.data,
        args=args,
        rewards=rewards,
        tools=own_tools(config.tools),
        peft=lora(config.lora),
        callbacks=[*_watching(config, args, out), *_keep(config), *guards(config, out), *(callbacks or [])],
    )
    built = trainer.build(inputs)
    if args.disable_tqdm:
        built.remove_callback(PrinterCallback)  # which prints every log entry as it is
    return built


def _facts(config: TrainConfig, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What the manifest holds of the rows."""
    facts = {"count": len(rows), "hash": digest(rows), "source": origin(config.data)}
    if replay := config.data.replay.ratio and config.data.replay:
        count = round(len(rows) * replay.ratio)
        facts["replay"] = {"count": count, "source": "self" if replay.source == "self" else str(replay.data)}
    return facts


def guards(config: TrainConfig, out: Path) -> list[Any]:
    """The run's guard, where one is asked for. Raises UsageError for a wrong setting."""
    from holdfast.trainers.guard.guard import Guard

    if not config.guard.every:
        return []
    suite = suite_of(config)
    held = [name for name in suite.names if name not in config.target]
    settings = {key: value for key, value in asdict(config.guard).items() if key != "tasks"}
    return [
        Guard(
            suite,
            config.guard.tasks or held,
            **settings,
            out=out / "guard",
            data_root=config.data_root,
            cache=default_cache(config),
            batch_size=config.model.batch_size,
            seed=config.seed,
        )
    ]


def _watching(config: TrainConfig, args: Any, out: Path) -> list[Any]:
    """What looks after the training: its health, its one line of progress (where TRL's own bar was not asked for), its
    trackers, its validation."""
    from transformers import EarlyStoppingCallback

    from holdfast.trainers.job.health import HealthWatch
    from holdfast.trainers.run.tracking.watching import ProgressLine, Trackers

    stopping = [EarlyStoppingCallback(config.early_stopping)] if config.early_stopping else []
    return [HealthWatch(), *([ProgressLine()] if args.disable_tqdm else []), Trackers(out), *stopping]


def _keep(config: TrainConfig) -> list[Any]:
    from holdfast.trainers.run.checkpoints import CheckpointKeeper, keeps_own_checkpoints

    return [CheckpointKeeper(config.checkpoints)] if keeps_own_checkpoints(config.trainer.args) else []


def _last_checkpoint(directory: Path) -> str | None:
    """The newest whole checkpoint: the trainer's state is the last file of one."""
    found = sorted(directory.glob("checkpoint-*/trainer_state.json"), key=_step_of)
    return str(found[-1].parent) if found else None


def _step_of(state: Path) -> int:
    return int(state.parent.name.rpartition("-")[2])


def _save(trainer: Any, out: Path) -> None:
    trainer.save_model(str(out / "checkpoint"))  # every process takes part: the weights may be spread over them
    if is_main():
        trainer.processing_class.save_pretrained(str(out / "checkpoint"))
