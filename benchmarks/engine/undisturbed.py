"""Measuring a model that somebody else goes on using: everything it changes is put back."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from holdfast.benchmarks.engine.backends.models import LoadedModel

_SMALL = 50_000_000
"""Parameters below which a CPU model runs on one thread."""


@contextmanager
def undisturbed(model: "LoadedModel | Mapping[str, Any]") -> Iterator[None]:
    """Put back what measuring changes: training mode of every module, tokenizer padding, torch's random state and
    threads (one for a small model on a CPU: more cost it more than they bring)."""
    if not isinstance(model, LoadedModel):
        yield
        return
    import torch

    modes = [(module, module.training) for module in model.model.modules()]
    tokenizer = model.tokenizer
    padding = (tokenizer.padding_side, tokenizer.pad_token)
    threads = torch.get_num_threads()
    if model.model.device.type == "cpu" and model.size < _SMALL:
        torch.set_num_threads(1)
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        try:
            yield
        finally:
            for module, training in modes:
                module.training = training
            tokenizer.padding_side, tokenizer.pad_token = padding
            torch.set_num_threads(threads)
