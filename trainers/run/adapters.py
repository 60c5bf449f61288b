"""Adapters: LoRA as peft sets it up."""

from typing import Any

from holdfast.errors import UsageError, install_hint
from holdfast.trainers.run.config import LoraConfig


def lora(config: LoraConfig) -> Any:
    """peft's LoraConfig, or None when LoRA is off."""
    if config.r is None:
        return None
    if config.r < 1:
        raise UsageError(f"lora.r must be at least 1, not {config.r}")
    try:
        from peft import LoraConfig as PeftConfig
    except ModuleNotFoundError as error:
        raise UsageError(f"LoRA needs peft: {install_hint('train')}") from error
    targets: Any = config.targets if config.targets == "all-linear" else config.targets.split(",")
    return PeftConfig(
        r=config.r,
        lora_alpha=config.alpha or 2 * config.r,
        lora_dropout=config.dropout,
        target_modules=targets,
        task_type="CAUSAL_LM",
    )
