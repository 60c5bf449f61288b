"""Memory of a training from the model's configuration alone: weights, gradients, optimizer, activations, logits, cache.

Activations are what autograd keeps of one layer and token (after Korthikanti et al. 2022, arXiv 2205.05198, section 4,
counted for today's layers: two RMS norms, grouped-query attention without a score matrix, a gated MLP), times layers
and tokens. tests/trainers/estimate/test_estimate_memory.py counts what autograd does keep.
"""

from typing import Any

from holdfast.trainers.models.model import measuring_dtype
from holdfast.trainers.settings.catalogue import find_trainer
from holdfast.trainers.settings.config import TrainConfig

TILE = (4096, 32768)
"""Tokens and words whose logits TRL 1.16 (trl/kernels/chunked_logprob.py) holds at once, in float32; never all."""
COPIES = {"cuda": 1, "cpu": 8}
"""Copies of such a tile: a Triton kernel works in place (so its source; not measured), torch's operations do not."""


def memory(
    config: TrainConfig, model_config: Any, args: Any, parameters: int, trained: int, tokens: int
) -> dict[str, int]:
    """Bytes by purpose; `tokens` of a long sequence, `trained` of the `parameters`."""
    lora, trainer = config.lora.r is not None, find_trainer(config.trainer.name)
    frozen = 2 if measuring_dtype(config.model.dtype) in ("bfloat16", "float16") else 4
    width = 2 if args.bf16 or args.fp16 else 4
    text = model_config.get_text_config()
    batch = args.per_device_train_batch_size * trainer.answers_per_row * tokens
    referenced = trainer.reference_model and not lora and has_beta(args)
    return {
        "weights": frozen * parameters + 4 * trained if lora else 4 * parameters,
        "gradients": 4 * trained,
        "optimizer": 8 * trained,
        "reference model": 4 * parameters if referenced else 0,
        "activations": batch * width * kept(text, bool(args.gradient_checkpointing)),
        "logits": 0 if not trainer.writes_text else tile(batch, text.vocab_size),
        "generation": batch * width * cached(text) if trainer.writes_while_training else 0,
    }


def tile(tokens: int, vocabulary: int) -> int:
    """Bytes of the logits that are there at once, of so many tokens and a vocabulary of so many words."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    wide = TILE[1] if device == "cuda" else min(vocabulary, TILE[1])  # what a CPU does not touch takes no memory
    return int(min(tokens, TILE[0]) * wide * 4 * COPIES[device])


def kept(text: Any, checkpointing: bool) -> int:
    """Numbers kept of one token for the backward pass; with checkpointing a layer's input, and one layer whole."""
    layers = int(text.num_hidden_layers)
    return layers * int(text.hidden_size) + layer(text) if checkpointing else layers * layer(text)


def layer(text: Any) -> int:
    """Numbers kept of one token in one layer."""
    heads, groups, size = _heads(text)
    inner = getattr(text, "intermediate_size", None) or 4 * text.hidden_size
    norms = 6 * text.hidden_size  # each keeps what it reads, what it has normalised, and what it gives
    # Queries and keys normalised and rotated (two each), keys and values as many as queries, the answer twice.
    attention = (2 * heads + 2 * groups + 3 * heads + 2 * heads) * size
    return int(norms + attention + 4 * inner)  # the MLP's gate, its activation, its other half, their product


def cached(text: Any) -> int:
    """Numbers that the generation cache keeps of one token."""
    _, groups, size = _heads(text)
    return int(2 * text.num_hidden_layers * groups * size)


def has_beta(args: Any) -> bool:
    """Whether the loss looks at a reference model."""
    return bool(getattr(args, "beta", None))


def _heads(text: Any) -> tuple[int, int, int]:
    """Query heads, key-value heads, and the size of one."""
    heads = int(text.num_attention_heads)
    groups = getattr(text, "num_key_value_heads", None) or heads
    size = getattr(text, "head_dim", None) or text.hidden_size // heads
    return heads, int(groups), int(size)
