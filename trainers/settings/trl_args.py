"""`trainer.args`: any field of TRL's config dataclass, checked against it before a model is loaded."""

import copyreg
import dataclasses
import importlib.util
import types
import typing
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Union

from holdfast import values
from holdfast.errors import UsageError, suggestion, unknown
from holdfast.masking import without_secrets
from holdfast.trainers.settings.catalogue import find_trainer

_REPORTERS = {
    **{name: name for name in ("wandb", "trackio", "tensorboard", "mlflow", "swanlab", "neptune")},
    "comet_ml": "comet_ml",
    "clearml": "clearml",
    "dvclive": "dvclive",
}
"""Where losses can be reported, and the package each needs."""


EVALUATED_EVERY = 0.1
"""Share of a training between two looks at the rows held out."""


def config_class(trainer: str) -> type[Any]:
    """TRL's config dataclass of a trainer. Raises UsageError when TRL is not installed."""
    return find_trainer(trainer).config_class()


def fields(trainer: str) -> tuple[Any, ...]:
    """The fields of a trainer's TRL config."""
    return dataclasses.fields(config_class(trainer))


def check(trainer: str, args: Mapping[str, Any]) -> None:
    """Raise UsageError for a field TRL does not have (naming the nearest) or a value of the wrong type."""
    schema = config_class(trainer)
    fields = {f.name for f in dataclasses.fields(schema) if f.init}
    hints = _hints(trainer)
    for name, value in args.items():
        if name not in fields:
            near = suggestion(name, fields).partition(" (available")[0]
            raise UsageError(f"unknown field trainer.args.{name} of trl.{schema.__name__}{near}")
        _check_plain(name, value, hints.get(name, Any))
    for name, what in find_trainer(trainer).needs.items():
        if not args.get(name):
            raise UsageError(f"trainer={trainer} needs trainer.args.{name}=… ({what})")
    if "num_generations" in fields and find_trainer(trainer).learns_from_reward:
        _check_groups(schema, args)


@cache
def _hints(trainer: str) -> dict[str, Any]:
    return typing.get_type_hints(config_class(trainer))


def build(trainer: str, args: Mapping[str, Any], directory: Path, seed: int) -> Any:
    """The TRL config: ours for what a run needs (directory, seed, device), overruled by what is given."""
    import torch

    schema = config_class(trainer)
    has_gpu = torch.cuda.is_available()
    ours: dict[str, Any] = {
        "output_dir": str(directory),
        "seed": seed,
        "report_to": "none",
        "disable_tqdm": True,  # one line of our own is shown, see quiet.py
        "use_cpu": not has_gpu,
        "bf16": has_gpu and torch.cuda.is_bf16_supported(),
        "dataloader_pin_memory": has_gpu,
        "logging_nan_inf_filter": False,  # a loss that is no number must be seen, see watch.py
    }
    if without_secrets(args) != args:
        copyreg.pickle(schema, _without_secrets)
    try:
        return schema(**(ours | dict(args)))
    except (ValueError, TypeError, ImportError, NotImplementedError) as error:
        first = str(error).strip().partition("\n")[0]
        raise UsageError(f"trl.{schema.__name__} refuses these trainer.args: {first}") from error


def _without_secrets(config: Any) -> tuple[Any, ...]:
    """How arguments that hold secrets are pickled: transformers puts them into every checkpoint."""
    return copyreg.__newobj__, (type(config),), without_secrets(vars(config))  # type: ignore[attr-defined]


def evaluated(args: Mapping[str, Any], validation: bool, early_stopping: int | None) -> dict[str, Any]:
    """The arguments with those that evaluate rows held out, where these say nothing: ten times in a training, and with
    early stopping each evaluation's checkpoint, so that the best one can be the result."""
    ours: dict[str, Any] = {}
    if validation and "eval_strategy" not in args:
        ours = {"eval_strategy": "steps", "eval_steps": EVALUATED_EVERY}
    if early_stopping is not None:
        ours |= {"load_best_model_at_end": True, "metric_for_best_model": "loss"}
    if {**ours, **args}.get("load_best_model_at_end") and "save_strategy" not in args:
        when = {**ours, **args}
        ours |= {"save_strategy": when.get("eval_strategy", "no"), "save_steps": when.get("eval_steps") or 500}
    return ours | dict(args)


def check_early_stopping(trainer: str, patience: int | None, validation: bool) -> None:
    """Raise UsageError for early stopping without rows to look at, or for a training whose loss says nothing."""
    if patience is None:
        return
    if patience < 1:
        raise UsageError(f"early_stopping is a number of evaluations, at least 1, not {patience}")
    if not validation:
        raise UsageError("early_stopping looks at rows held out: name them with data.validation=…")
    if find_trainer(trainer).learns_from_reward:
        raise UsageError(
            f"early_stopping looks at the validation's loss, which says nothing of trainer={trainer}; guard.every=…"
            " guard.policy=stop watches skills"
        )


def check_run(args: Mapping[str, Any], validation: bool) -> None:
    """Raise UsageError for settings of TRL's that this run cannot follow: what would move its files, needs rows that
    are not there, or a package that is not installed."""
    if "output_dir" in args:
        raise UsageError(
            "trainer.args.output_dir would move the checkpoints that resuming and bisect need: set out=, they lie in"
            " out/training"
        )
    evaluates = str(args.get("eval_strategy", "no")) != "no" or bool(args.get("do_eval"))
    if evaluates and not validation:
        raise UsageError("trainer.args.eval_strategy evaluates rows held out: name them with data.validation=…")
    if args.get("load_best_model_at_end") and not validation:
        raise UsageError(
            "trainer.args.load_best_model_at_end compares checkpoints on data.validation=…, which is not set"
        )
    reports = args.get("report_to") or []
    for name in [reports] if isinstance(reports, str) else reports:
        if name in _REPORTERS and importlib.util.find_spec(_REPORTERS[name]) is None:
            raise UsageError(f"trainer.args.report_to={name} needs {_REPORTERS[name]}: pip install {_REPORTERS[name]}")
        if name not in (*_REPORTERS, "none", "all"):
            raise unknown("trainer.args.report_to", str(name), [*_REPORTERS, "none"])
    if args.get("use_vllm") and args.get("vllm_mode") != "server" and importlib.util.find_spec("vllm") is None:
        raise UsageError("trainer.args.use_vllm needs vllm: pip install vllm (or vllm_mode=server with TRL's server)")


def _check_groups(schema: type[Any], args: Mapping[str, Any]) -> None:
    """TRL's batch must be whole groups: said with the nearest sizes that are."""
    default = {f.name: f.default for f in dataclasses.fields(schema)}
    if args.get("generation_batch_size") is not None:
        batch, key = args["generation_batch_size"], "generation_batch_size"
    else:
        key = "per_device_train_batch_size"
        steps = args.get("steps_per_generation") or args.get("gradient_accumulation_steps") or 1
        batch = args.get(key, default[key]) * steps
    size = args.get("num_generations", default["num_generations"])
    if size < 2:
        raise UsageError(f"trainer.args.num_generations must be at least 2 to compare completions, not {size}")
    if batch % size and not _several_processes():
        valid = [n for n in range(2, batch + 1) if batch % n == 0]
        near = min(valid, key=lambda n: abs(n - size)) if valid else batch
        up = -(-batch // size) * size
        raise UsageError(
            f"a batch of {batch} completions is not divisible by num_generations={size};"
            f" take num_generations={near} or {key}={up}"
        )


def _several_processes() -> bool:
    """Under `accelerate launch` the batch is that of all processes; TRL checks it itself."""
    import os

    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def _check_plain(name: str, value: Any, hint: Any) -> None:
    """Plain types are checked; what TRL itself converts (enums, dicts from text) is left to it."""
    kinds = typing.get_args(hint) if typing.get_origin(hint) in (Union, types.UnionType) else (hint,)
    if all(kind in (bool, int, float, str, type(None)) for kind in kinds):
        values.check(f"trainer.args.{name}", value, hint)
