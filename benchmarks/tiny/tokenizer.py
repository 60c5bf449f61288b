"""The tiny model's tokenizer: one token per UTF-8 byte, so it reads any text, and ChatML's special tokens."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>")
ROLES = ("user", "assistant", "system")
"""Each role is one token: a short prompt is then mostly its own text."""

IDS: Mapping[str, int] = {token: 256 + i for i, token in enumerate((*SPECIAL, *ROLES))}
VOCABULARY = 256 + len(IDS)
POSITIONS = 4096
NEWLINE = ord("\n")

# The newline between two messages stands before the second, so nothing follows the end of an answer.
CHAT_TEMPLATE = (
    "{%- for message in messages %}"
    "{%- if not loop.first %}{{ '\\n' }}{% endif %}"
    "{{- '<|im_start|>' + message['role'] + '\\n' }}"
    "{%- if message['role'] == 'assistant' %}"
    "{% generation %}{{ message['content'] + '<|im_end|>' }}{% endgeneration %}"
    "{%- else %}{{- message['content'] + '<|im_end|>' }}{%- endif %}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{ '\\n<|im_start|>assistant\\n' }}{% endif %}"
)


def encode_prompt(prompt: str) -> list[int]:
    """Token ids of a one-turn chat up to where the answer starts; equal to the chat template's (tested)."""
    start, end = IDS["<|im_start|>"], IDS["<|im_end|>"]
    return [
        *(start, IDS["user"], NEWLINE, *prompt.encode(), end),
        *(NEWLINE, start, IDS["assistant"], NEWLINE),
    ]


def encode_completion(completion: str) -> list[int]:
    """Token ids of an answer and its end."""
    return [*completion.encode(), IDS["<|im_end|>"]]


def write_tokenizer(directory: Path) -> None:
    """Write tokenizer.json, tokenizer_config.json and the chat template into a model directory."""
    from transformers import PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=_backend(),
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=["<|im_start|>"],
        model_max_length=POSITIONS,
        clean_up_tokenization_spaces=False,
        chat_template=CHAT_TEMPLATE,
    )
    tokenizer.save_pretrained(str(directory))


def _backend() -> Any:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    letters = {letter: byte for byte, letter in _byte_letters().items()}
    tokenizer = Tokenizer(models.BPE(vocab=letters, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(t, normalized=False, special=True) for t in SPECIAL[:3]])
    tokenizer.add_tokens([AddedToken(t, normalized=False) for t in SPECIAL[3:]])
    tokenizer.add_tokens([AddedToken(t, normalized=False, single_word=True) for t in ROLES])
    return tokenizer


def _byte_letters() -> dict[int, str]:
    """GPT-2's printable letter for each byte, which is how `tokenizers` writes bytes."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), 256)]
    letters = {byte: chr(byte) for byte in printable}
    others = [byte for byte in range(256) if byte not in letters]
    return letters | {byte: chr(256 + i) for i, byte in enumerate(others)}
