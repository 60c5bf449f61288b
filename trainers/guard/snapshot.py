"""A snapshot of what a training changes: the trainable weights, in one safetensors file."""

from pathlib import Path
from typing import Any


def snapshot(model: Any, file: Path) -> None:
    """Write every trainable parameter; the old snapshot stays until the new one is whole."""
    from safetensors.torch import save_file

    file.parent.mkdir(parents=True, exist_ok=True)
    weights = {name: p.detach().cpu().contiguous() for name, p in model.named_parameters() if p.requires_grad}
    fresh = file.with_suffix(".new")
    save_file(weights, str(fresh))
    fresh.replace(file)


def restore(model: Any, file: Path) -> None:
    """Put a snapshot's weights back in place, tensor by tensor."""
    import torch
    from safetensors import safe_open

    with torch.no_grad(), safe_open(str(file), framework="pt") as weights:
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                parameter.copy_(weights.get_tensor(name))
