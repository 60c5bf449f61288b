"""What a training step really keeps in memory, counted where autograd keeps it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def saved_bytes(model: Any) -> Iterator[list[int]]:
    """Within it, the bytes that autograd saves of activations: each storage once, parameters not counted."""
    import torch

    own = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    seen: dict[int, int] = {}
    held: list[Any] = []
    total = [0]

    def keep(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        place = storage.data_ptr()
        if place not in own and place not in seen:
            seen[place] = storage.nbytes()
            held.append(tensor)  # so that no other storage takes its address
            total[0] += storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        yield total
    held.clear()


def made(place: Path, hidden: int, layers: int, vocabulary: int | None = None, positions: int = 1024) -> Path:
    """A Qwen3 of random weights made from its config, with the embedded model's tokenizer."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    from holdfast.benchmarks.tiny.tokenizer import VOCABULARY, write_tokenizer

    torch.manual_seed(0)
    write_tokenizer(place)
    config = Qwen3Config(
        vocab_size=vocabulary or VOCABULARY,
        hidden_size=hidden,
        intermediate_size=3 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=hidden // 64,
        num_key_value_heads=max(1, hidden // 128),
        head_dim=64,
        max_position_embeddings=positions,
        eos_token_id=258,
        pad_token_id=256,
    )
    Qwen3ForCausalLM(config).save_pretrained(place)
    return place
