"""A prompt's tokens, by one rule for every backend that sends tokens: the tokenizer's own special tokens in front, no
second beginning-of-text token where the chat template wrote one, never an end-of-text token behind the prompt.

Tokenizers saved after a fine-tuning often add the end token (`add_eos_token`): a model that reads one at the end of its
prompt believes that all has been said.
"""

from collections.abc import Sequence
from typing import Any


def encoded(tokenizer: Any, text: str) -> list[int]:
    """The tokens of a prompt."""
    begun = begins(tokenizer, text)
    tokens = list(tokenizer(text, add_special_tokens=not begun).input_ids)
    return tokens if begun else without_end(tokenizer, tokens)


def begins(tokenizer: Any, text: str) -> bool:
    """Whether a text already begins with the tokenizer's beginning-of-text token."""
    first = getattr(tokenizer, "bos_token", None)
    return bool(first) and text.startswith(str(first))


def without_end(tokenizer: Any, tokens: Sequence[int]) -> list[int]:
    """Tokens that the tokenizer made with its special tokens, less the end token that it added."""
    return list(tokens[: len(tokens) - added_ends(tokenizer)])


def added_ends(tokenizer: Any) -> int:
    """How many end tokens the tokenizer puts behind every text."""
    plain = list(tokenizer("a", add_special_tokens=False).input_ids)
    framed = list(tokenizer("a").input_ids)
    return next((len(framed) - i - len(plain) for i in range(len(framed)) if framed[i : i + len(plain)] == plain), 0)


def sent_as_text(tokenizer: Any, text: str) -> str:
    """A prompt for a server that adds the beginning-of-text token itself, as vLLM, TGI and llama.cpp do to text."""
    adds = begins(tokenizer, text) and encoded(tokenizer, "a")[:1] == [tokenizer.bos_token_id]
    return text.removeprefix(str(tokenizer.bos_token)) if adds else text
