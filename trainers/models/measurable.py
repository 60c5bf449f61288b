"""What a callback can measure: a causal language model with its tokenizer; and whether training left it whole."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_type_hints

from holdfast import values
from holdfast.benchmarks.engine.parallel.shards import unwrapped
from holdfast.errors import UsageError
from holdfast.process.distributed import is_spread


def tokenizer_of(extra: Mapping[str, Any], who: str) -> Any:
    """The tokenizer of what transformers hands a callback.

    Raises UsageError where the trainer has none, or its model writes no text (a reward model, an encoder).
    """
    model = unwrapped(extra["model"])
    can_generate = getattr(model, "can_generate", None)
    if not callable(can_generate) or not can_generate():
        kind = type(getattr(model, "get_base_model", lambda: model)()).__name__
        raise UsageError(f"{who} measures the text that a model writes, and a {kind} writes none")
    tokenizer = extra.get("processing_class") or extra.get("tokenizer")
    if tokenizer is None:
        raise UsageError(f"{who} measures text: give the trainer its tokenizer as processing_class")
    return tokenizer


def check_values(who: str, function: Callable[..., Any], given: Mapping[str, Any]) -> None:
    """Raise UsageError for a value that is not of its parameter's type."""
    hints = get_type_hints(function)
    for name, value in given.items():
        values.check(f"{who}'s {name}", value, hints[name])


def names(given: Any) -> tuple[str, ...]:
    """Names of tasks, of which there may be one that stands alone."""
    return (given,) if isinstance(given, str) else tuple(given)


def writable(out: Path) -> None:
    """Make the directory. Raises UsageError where nothing can be written."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe = out / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UsageError(f"out={out} is no directory that can be written: {error.strerror}") from error


def lost_weights(model: Any) -> str:
    """A sentence, when a weight is no number any more; empty otherwise. Transformers shows such a loss as 0."""
    import torch

    for name, parameter in unwrapped(model).named_parameters():
        if not is_spread(parameter) and not bool(torch.isfinite(parameter).all()):
            return f"the training left weights that are no numbers (first {name}): its loss was no number, either"
    return ""
