"""An adapter laid into its base: the model on which a new adapter is trained, or that is shipped alone."""

import shutil
from dataclasses import replace
from pathlib import Path

from holdfast.errors import DataError
from holdfast.trainers.models.model import free, is_adapter, load_base
from holdfast.trainers.settings.config import ModelConfig, TrainConfig

START = "start"
"""Below `out`: the base with the adapter that a training with a new LoRA begins from."""


def merge_adapter(config: ModelConfig, out: Path) -> Path:
    """Write the model that base and adapter make together into `out`, as safetensors with its tokenizer.

    Raises DataError for a model that is no adapter.
    """
    if not is_adapter(config.path):
        raise DataError(f"{config.path} is no adapter: it has no adapter_config.json, so there is nothing to merge")
    loaded = load_base(config)
    fresh = out.with_name(f".{out.name}.part")
    shutil.rmtree(fresh, ignore_errors=True)
    loaded.model.merge_and_unload().save_pretrained(fresh)
    loaded.tokenizer.save_pretrained(fresh)
    loaded.model = loaded.tokenizer = None
    free()
    shutil.rmtree(out, ignore_errors=True)
    fresh.rename(out)
    return out


def needs_start(config: TrainConfig) -> bool:
    """Whether a new LoRA is to be trained on what is an adapter itself."""
    return config.lora.r is not None and is_adapter(config.model.path)


def with_start(config: TrainConfig, out: Path) -> TrainConfig:
    """The settings with the merged model as their model, where there is one."""
    if not (out / START / "config.json").is_file():
        return config
    return replace(config, model=replace(config.model, path=str(out / START), revision=None))
