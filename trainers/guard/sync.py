"""The guard in a training of several processes: what it cannot look at."""

from typing import Any

from holdfast.errors import UsageError
from holdfast.process.distributed import is_spread


def refuse_shards(model: Any) -> None:
    """Raise UsageError for a model whose weights are spread over processes: no process could measure it alone."""
    if any(is_spread(p) or hasattr(p, "ds_id") for p in model.parameters()):
        raise UsageError(
            "the guard cannot look at a model sharded over processes (FSDP, ZeRO-3): leave it off, and measure the"
            " saved checkpoints with `holdfast eval` or `holdfast bisect`"
        )
