"""`batch_size=auto`: the largest batch that surely fits the device, the same before and after a training.

What is free at the moment would give two batches for two measurements of one comparison, and in low precision other
answers: so the size follows from the device's whole memory, the weights and the longest sequence alone.
"""

from typing import Any

CPU_BATCH = 16
"""Batch size of a model on the CPU: a larger one does not make it faster."""
_LARGEST, _LONGEST = 256, 4096
_USABLE = 0.8
"""Share of the device's memory that is planned with."""


def automatic(model: Any, max_length: int) -> int:
    """The batch of a model on its device."""
    import torch

    device = next(model.parameters()).device
    if device.type != "cuda":
        return CPU_BATCH
    weights = sum(one.numel() * one.element_size() for one in model.parameters())
    total = torch.cuda.get_device_properties(device).total_memory
    return fitting(total, weights, sequence_bytes(model.config, max_length, next(model.parameters()).element_size()))


def sequence_bytes(config: Any, max_length: int, width: int) -> int:
    """Memory of one sequence in bytes: keys and values of every layer, and logits in float32 with one copy. `width`:
    bytes of a value."""
    text = getattr(config, "text_config", None) or config
    heads = getattr(text, "num_key_value_heads", None) or text.num_attention_heads
    head = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    per_token = 2 * text.num_hidden_layers * heads * head * width + 8 * text.vocab_size
    return int(min(max_length, _LONGEST) * per_token)


def fitting(total: int, weights: int, one: int) -> int:
    """The largest power of two of sequences of `one` bytes beside the weights, from 1 to 256."""
    room = int((total * _USABLE - weights) // max(one, 1))
    return max(1, min(_LARGEST, 1 << max(room, 1).bit_length() - 1))
