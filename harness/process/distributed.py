"""Which process this is, among those that `torchrun` or `accelerate launch` started, and what the first one tells all.

The launcher's environment says it before torch is imported; once a process group exists, the group does.
"""

import os
from typing import Any

from holdfast.errors import UsageError


def rank() -> int:
    """Which of the launched processes this is; 0 writes."""
    return int(os.environ.get("RANK") or 0)


def world_size() -> int:
    """How many processes this one was launched with, itself included."""
    return int(os.environ.get("WORLD_SIZE") or 1)


def local_rank() -> int:
    """Which of this machine's processes this is: the index of its GPU."""
    return int(os.environ.get("LOCAL_RANK") or 0)


def is_main() -> bool:
    """Whether this process writes."""
    return rank() == 0


def group() -> tuple[int, int]:
    """(rank, size) of torch's process group; (0, 1) where there is none."""
    import torch.distributed as dist

    if not (dist.is_available() and dist.is_initialized()):
        return 0, 1
    return dist.get_rank(), dist.get_world_size()


def store_of_group() -> Any:
    """The key-value store behind torch's process group.

    torch offers it under a private name only. Raises UsageError where that name is gone.
    """
    from torch.distributed import distributed_c10d

    store = getattr(distributed_c10d, "_get_default_store", None)
    if store is None:
        import torch

        raise UsageError(f"torch {torch.__version__} does not hand out its group's store; use torch<2.14")
    return store()


def from_first(decision: bool | None) -> bool:
    """What the first process decided (the others pass None); every process calls this at the same step."""
    if group()[1] == 1:
        return bool(decision)
    import torch.distributed as dist

    decisions = [decision]
    dist.broadcast_object_list(decisions, src=0)
    return bool(decisions[0])


def same_weights(model: Any) -> None:
    """Give every process the trainable weights of the first."""
    if group()[1] == 1:
        return
    import torch.distributed as dist

    for parameter in model.parameters():
        if parameter.requires_grad:
            dist.broadcast(parameter.data, src=0)


def is_spread(tensor: Any) -> bool:
    """Whether a tensor is a DTensor: this process holds a part of it."""
    return hasattr(tensor, "full_tensor")
