"""A model in a trainer's hands, as `holdfast eval` would find it saved: without autocast, and without an adapter that
changes nothing yet."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

from holdfast.benchmarks.engine.backends.models import LoadedModel, fingerprint
from holdfast.benchmarks.engine.parallel.shards import unwrapped

_ADAPTERS_OWN = re.compile(r"\.(lora_|modules_to_save\.)")
_PLACE = re.compile(r"\.(base_layer|original_module)\.")


@contextmanager
def as_saved(model: Any, tokenizer: Any, name: str, known: str = "") -> Iterator[LoadedModel]:
    """The model to measure. An adapter whose output is exactly nothing (a fresh LoRA) is switched off, and the model
    has the fingerprint of its base, whose measurements it shares; any other adapter belongs to the model. `known`: a
    fingerprint that need not be computed."""
    model = unwrapped(model)
    inert = has_inert_adapter(model)
    with without_autocast(model), model.disable_adapter() if inert else nullcontext():
        yield LoadedModel(model, tokenizer, name, known or (base_fingerprint(model) if inert else ""))


@contextmanager
def without_autocast(model: Any) -> Iterator[None]:
    """Take accelerate's mixed precision off the forward pass: it holds in training alone, and not for all of
    generation, so that numbers measured under it are neither float32's nor bfloat16's."""
    forward = model.__dict__.get("forward")
    if forward is None or not hasattr(model, "_original_forward"):
        yield
        return
    del model.__dict__["forward"]
    try:
        yield
    finally:
        model.__dict__["forward"] = forward


def has_inert_adapter(model: Any) -> bool:
    """Whether a PeftModel computes exactly what its base does: every second factor of its LoRA is zero, and no module
    was replaced by another one."""
    if not hasattr(model, "peft_config") or not hasattr(model, "disable_adapter"):
        return False
    if any(str(config.peft_type) not in ("LORA", "PeftType.LORA") for config in model.peft_config.values()):
        return False
    states = dict(model.named_parameters())
    second = [tensor for name, tensor in states.items() if ".lora_B." in name or ".lora_embedding_B." in name]
    replaced = ((name, tensor) for name, tensor in states.items() if ".modules_to_save." in name)
    return (
        bool(second)
        and not any(bool((tensor != 0).any()) for tensor in second)
        and all(_equals_original(name, tensor, states) for name, tensor in replaced)
    )


def _equals_original(name: str, tensor: Any, states: Mapping[str, Any]) -> bool:
    import torch

    original = states.get(re.sub(r"\.modules_to_save\.[^.]+\.", ".original_module.", name))
    return original is not None and torch.equal(original.to(tensor.dtype), tensor)


class _Base:
    """The base within a PeftModel, with its own names."""

    def __init__(self, model: Any) -> None:
        self.config = getattr(model, "config", None)
        self._model = model

    def state_dict(self) -> dict[str, Any]:
        """The tensors of the base model, by name."""
        whole = self._model.state_dict()
        own = {name: tensor for name, tensor in whole.items() if not _ADAPTERS_OWN.search(name)}
        return {_PLACE.sub(".", name.removeprefix("base_model.model.")): tensor for name, tensor in own.items()}


def base_fingerprint(model: Any) -> str:
    """The fingerprint of a PeftModel's base, as if it had been loaded alone."""
    return fingerprint(_Base(model))
