"""Reading a batch of prompts: what all of them begin with (few-shot examples, a system message) is computed once, its
attention keys and values are repeated, and the model reads the rest of each prompt only; padding costs no mask. No
text is changed and no token's position; rounding differs as it does between two batch sizes.

A model may do so where it keeps every token it attends to and where a token's position says all about its rotation
(see `keeps_every_token`)."""

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

_WORTH = 1024
"""Tokens that must be saved in a batch: below, a second pass over the model costs about as much."""
_BY_LENGTH = frozenset({"dynamic", "longrope"})
"""Rotary embeddings that turn all positions otherwise once a text is long."""
_NEUTRAL = frozenset(
    "attention_mask do_sample temperature top_k top_p min_p repetition_penalty eos_token_id bos_token_id pad_token_id "
    "stopping_criteria logits_processor max_new_tokens max_length use_cache _from_model_config transformers_version "
    "tokenizer stop_strings".split()
)
"""Arguments of generation that neither look at the order of a prompt's tokens nor bring a cache of their own."""


def keeps_every_token(model: Any) -> bool:
    """Whether a prompt may be given to a model in parts: it takes a cache that holds all of its tokens, and a position
    is the same thing in a long text as in a short one."""
    own = model.get_base_model() if hasattr(model, "get_base_model") else model
    adapter = getattr(model, "active_peft_config", None)
    takes = inspect.signature(own.forward).parameters
    if not {"position_ids", "logits_to_keep", "past_key_values"} <= set(takes):
        return False
    if getattr(adapter, "is_prompt_learning", False):
        return False  # its prompt is virtual tokens before ours
    config = own.config.get_text_config()
    return not _rotations(config) & _BY_LENGTH and _attends_to_all(config)


def _attends_to_all(config: Any) -> bool:
    kinds = getattr(config, "layer_types", None)
    if kinds is not None:
        return set(kinds) == {"full_attention"}
    window = getattr(config, "sliding_window", None)
    return window is None or not getattr(config, "use_sliding_window", True)


def _rotations(config: Any) -> set[str]:
    """The names of a configuration's rotary embeddings, in both spellings."""
    found: set[str] = set()
    for name in ("rope_parameters", "rope_scaling"):
        rotary = getattr(config, name, None) or {}
        for each in (rotary, *(part for part in rotary.values() if isinstance(part, Mapping))):
            found |= {str(each[key]) for key in ("rope_type", "type") if key in each}
    return found


def shareable(options: Iterable[str], defaults: Any) -> bool:
    """Whether generation with these arguments, over a model's own defaults, may begin behind a shared prefix."""
    own = defaults.to_diff_dict() if defaults is not None else {}
    return set(options) | {name for name, value in own.items() if value not in (None, False)} <= _NEUTRAL


def logits_from(model: Any, ids: Any, first: int) -> Any:
    """The logits of every row of `ids` (shape: rows, tokens; padded on the right, if at all) from position `first` on:
    shape (rows, tokens - first, vocabulary)."""
    keep = ids.shape[1] - first
    shared = _worth(min(_common(ids), first), len(ids))
    if not shared:
        return model(input_ids=ids, logits_to_keep=keep).logits
    cache = _cache(model, ids[0, :shared], len(ids))
    return model(input_ids=ids[:, shared:], past_key_values=cache, use_cache=True, logits_to_keep=keep).logits


def prefilled(model: Any, ids: Any, mask: Any) -> tuple[Any, Any, Any] | None:
    """Prompts padded on the left in another order (all tokens but the last, the padding, the last token), their mask,
    and the cache of all but the last token; None where that gains nothing. Shapes: (rows, tokens), as given.

    In this order padding stands behind what a token attends to: no mask is needed, and attention without one is two
    to three times as fast. What all prompts begin with is computed once.
    """
    import torch

    rows, width = ids.shape
    places = torch.arange(width, device=ids.device)[None]
    pads = width - mask.sum(dim=1, keepdim=True)
    aligned = ids.gather(1, (places + pads) % width)
    shared = _worth(min(_common(aligned), width - int(pads.max()) - 1), rows)
    if not shared and (rows * width < _WORTH or not int(pads.max())):
        return None
    first = width - 1 - pads  # where the padding begins
    source = torch.where(places < first, places + pads, places - first)
    source[:, -1] = width - 1
    ordered = ids.gather(1, source)
    cache = _cache(model, ordered[0, :shared], rows) if shared else None
    if shared < width - 1:
        rest = ordered[:, shared:-1]
        cache = model(input_ids=rest, past_key_values=cache, use_cache=True, logits_to_keep=1).past_key_values
    return ordered, mask.gather(1, source), cache


def _common(ids: Any) -> int:
    """How many first tokens all rows share."""
    return int((ids == ids[:1]).all(dim=0).long().cumprod(dim=0).sum())


def _worth(shared: int, rows: int) -> int:
    """The tokens to share: none where that saves too little."""
    return shared if shared * (rows - 1) >= _WORTH else 0


def _cache(model: Any, ids: Any, rows: int) -> Any:
    """The keys and values of one prefix, once for each row."""
    cache = model(input_ids=ids[None], use_cache=True, logits_to_keep=1).past_key_values
    cache.batch_repeat_interleave(rows)
    return cache
