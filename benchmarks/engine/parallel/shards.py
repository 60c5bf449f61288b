"""Models as trainers hold them: wrapped (DDP, DeepSpeed, torch.compile) or spread over processes (FSDP, ZeRO-3)."""

from typing import Any

from holdfast.errors import UsageError
from holdfast.process.distributed import is_spread


def unwrapped(model: Any) -> Any:
    """The model beneath DistributedDataParallel, DataParallel, a DeepSpeed engine or torch.compile.

    Raises UsageError for weights spread in a way that measuring cannot gather (ZeRO-3, FSDP1, tensor parallel)."""
    while True:
        kind = type(model).__name__
        if kind == "FullyShardedDataParallel":
            _refuse("FSDP1", "train with FSDP2 (fsdp_version: 2)")
        if kind in ("DistributedDataParallel", "DataParallel", "DeepSpeedEngine"):
            model = model.module
        elif hasattr(model, "_orig_mod"):
            model = model._orig_mod
        else:
            break
    if any(hasattr(parameter, "ds_id") for parameter in model.parameters()):
        _refuse("DeepSpeed ZeRO-3", "train with ZeRO-2 or FSDP2")
    return model


def sharded(model: Any) -> bool:
    """Whether the weights are spread over processes by FSDP2, so that all must take part in each forward pass.

    Raises UsageError when they are spread in another way."""
    meshes = {tensor.device_mesh for tensor in model.parameters() if is_spread(tensor)}
    if not meshes:
        return False
    import torch.distributed as dist
    from torch.distributed.fsdp import FSDPModule

    whole = len(meshes) == 1 and next(iter(meshes)).ndim == 1 and next(iter(meshes)).size() == dist.get_world_size()
    if not (whole and isinstance(model, FSDPModule)):
        _refuse("tensor, pipeline or hybrid parallelism", "train with FSDP2 over all processes")
    return True


def _refuse(method: str, instead: str) -> None:
    raise UsageError(
        f"a model spread over processes by {method} cannot be measured in the trainer: {instead}, or measure the saved "
        "checkpoints with `holdfast eval`"
    )
