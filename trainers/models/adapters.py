"""Adapters: LoRA and its kin, as peft sets them up."""

from collections.abc import Sequence
from typing import Any

from holdfast.errors import UsageError, install_hint, unknown
from holdfast.trainers.settings.config import LoraConfig

ALL = "all-linear"


def lora(config: LoraConfig) -> Any:
    """peft's LoraConfig, or None when LoRA is off. Raises UsageError for a setting that cannot be, or has no effect."""
    if config.r is None:
        for name in ("dora", "rslora", "modules_to_save", "alpha", "dropout", "targets"):
            if getattr(config, name) != getattr(LoraConfig(), name):
                raise UsageError(f"lora.{name} has no effect without LoRA: switch it on with lora=true or lora=<rank>")
        return None
    if config.r < 1:
        raise UsageError(f"lora.r must be at least 1, not {config.r}; lora=false trains all weights")
    try:
        from peft import LoraConfig as PeftConfig
    except ModuleNotFoundError as error:
        raise UsageError(f"LoRA needs peft: {install_hint('train')}") from error
    return PeftConfig(
        r=config.r,
        lora_alpha=config.alpha or 2 * config.r,
        lora_dropout=config.dropout,
        target_modules=targets(config),
        use_dora=config.dora,
        use_rslora=config.rslora,
        modules_to_save=list(config.modules_to_save) or None,
        task_type="CAUSAL_LM",
    )


def targets(config: LoraConfig) -> Any:
    """The modules that get an adapter: a list of names, or `all-linear`. Raises UsageError for anything else."""
    given = config.targets
    names = [name.strip() for name in given.split(",")] if isinstance(given, str) else given
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
        raise UsageError(f"lora.targets takes names, as a list or separated by commas, or {ALL}, not {given!r}")
    return ALL if names == [ALL] else names


def check_modules(config: LoraConfig, model_config: Any) -> None:
    """Raise UsageError for a module that a model of this configuration does not have, naming the nearest."""
    chosen = targets(config)
    module_names: Sequence[str] = [*([] if chosen == ALL else chosen), *config.modules_to_save]
    if config.r is None or not module_names:
        return
    import torch
    import transformers

    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(model_config)
    there = [name for name, _ in model.named_modules() if name]
    for name in module_names:
        if not any(module == name or module.endswith(f".{name}") for module in there):
            ends = sorted({module.rpartition(".")[2] for module in there} - {str(n) for n in range(1000)})
            raise unknown("module of lora.targets or lora.modules_to_save", name, ends)
