"""A model's generation_config.json: it never overrides what a task or the user set; what it adds is recorded."""

from collections.abc import Mapping
from typing import Any

_NOT_TEXT = frozenset(
    {
        *("transformers_version", "_from_model_config", "use_cache", "cache_implementation", "cache_config"),
        *("pad_token_id", "bos_token_id", "eos_token_id", "decoder_start_token_id", "max_length", "max_new_tokens"),
        *("do_sample", "return_dict_in_generate", "output_scores", "output_logits", "output_attentions"),
        *("output_hidden_states", "num_return_sequences", "compile_config", "disable_compile", "max_time"),
    }
)
"""Settings that our calls give themselves, or that change no text."""
_SAMPLING = frozenset({"temperature", "top_k", "top_p", "min_p", "typical_p", "epsilon_cutoff", "eta_cutoff", "top_h"})
"""Settings without effect on a greedy answer."""


def defaults(model: Any) -> dict[str, Any]:
    """What the model's file sets of that which can change a text, in a form that JSON holds."""
    config = getattr(model, "generation_config", None)
    if config is None:
        return {}
    ends = {name: getattr(config, name, None) for name in ("eos_token_id", "bos_token_id")}
    return {**_set(config), **{name: value for name, value in ends.items() if value is not None}}


def added(model: Any, generation: Mapping[str, Any]) -> dict[str, Any]:
    """What the file adds to generation arguments: what they do not set themselves, and what has an effect."""
    config = getattr(model, "generation_config", None)
    if config is None or "max_gen_toks" not in generation:
        return {}
    idle: frozenset[str] = frozenset() if generation.get("do_sample") else _SAMPLING
    return {name: value for name, value in _set(config).items() if name not in generation and name not in idle}


def _set(config: Any) -> dict[str, Any]:
    return {
        name: value if isinstance(value, int | float | str | bool | list) else str(value)
        for name, value in sorted(config.to_diff_dict().items())
        if name not in _NOT_TEXT and value is not None
    }
