"""The guard in a training of several processes: the first one decides, and all do the same."""

from typing import Any

from holdfast.errors import UsageError


def from_first(decision: bool | None) -> bool:
    """What the first process decided (the others pass None); every process calls this at the same step."""
    import torch.distributed as dist

    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        return bool(decision)
    held = [decision]
    dist.broadcast_object_list(held, src=0)
    return bool(held[0])


def same_weights(model: Any) -> None:
    """Give every process the trainable weights of the first."""
    import torch.distributed as dist

    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        return
    for parameter in model.parameters():
        if parameter.requires_grad:
            dist.broadcast(parameter.data, src=0)


def refuse_shards(model: Any) -> None:
    """Raise UsageError for a model whose weights are spread over processes: no process could measure it alone."""
    from torch.distributed.tensor import DTensor

    if any(isinstance(p, DTensor) or hasattr(p, "ds_id") for p in model.parameters()):
        raise UsageError(
            "the guard cannot look at a model sharded over processes (FSDP, ZeRO-3): leave it off, and measure the"
            " saved checkpoints with `holdfast eval` or `holdfast bisect`"
        )
