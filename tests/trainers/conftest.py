"""A randomly initialised model of the embedded model's architecture, for tests that need no skill."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model directory: Qwen3, 2 layers, byte-level tokenizer with chat template, random weights."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    from holdfast.benchmarks.tiny.tokenizer import POSITIONS, VOCABULARY, write_tokenizer

    torch.set_num_threads(1)
    torch.manual_seed(0)
    directory = tmp_path_factory.mktemp("untrained")
    write_tokenizer(directory)
    config = Qwen3Config(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        max_position_embeddings=POSITIONS,
        eos_token_id=258,
        pad_token_id=256,
    )
    Qwen3ForCausalLM(config).save_pretrained(directory)
    return directory
