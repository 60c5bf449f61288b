"""The configuration of `holdfast eval`."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class EvalConfig:
    """The keys of `holdfast eval`, with their defaults."""

    model: Any = None
    """A directory, a hub id, `tiny`, or `{model: …, backend: vllm, …}`."""
    against: Any = None
    """The model to compare with (the one before)."""
    suite: Any = "quick"
    """A suite's name or file, a task's name, or a list of tasks."""
    backend: str = "hf"
    """`hf` (in this process), or one of lm-eval's: `vllm`, `local-chat-completions`, …"""
    backend_args: dict[str, Any] = field(default_factory=dict)
    """Arguments of the backend (`base_url`, `tensor_parallel_size`, `num_concurrent`, …)."""
    revision: str | None = None
    dtype: str = "auto"
    device: str | None = None
    tokenizer: str | None = None
    peft: str | None = None
    """An adapter to lay over the model: a directory or hub id."""
    quantization: str | None = None
    """`4bit` or `8bit`: load the weights so (needs bitsandbytes)."""
    trust_remote_code: bool = False
    batch_size: Any = 16
    """Items per forward pass of a model in memory, or `auto`: what its device surely holds."""
    chat: bool | None = None
    chat_template_args: dict[str, Any] = field(default_factory=dict)
    limit: int | None = None
    sizes: list[str] = field(default_factory=list)
    """`task:items`: at most so many items of a task, in the place of the suite's own limit."""
    max_tokens: int | None = None
    max_length: int | None = None
    repeats: int | None = None
    sampling: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    thinking: Any = None
    """How the model marks its thoughts: `[<think>,</think>]` or `/regex/`; None: as the known families do."""
    target: list[str] = field(default_factory=list)
    """Tasks one trained for: judged in a family of their own."""
    margin: float | None = None
    """In points; None: what the suite can decide."""
    draft: str = "auto"
    """With `against`: try its answers as drafts where that changes no token (`auto`), wherever possible (`before`), or
    `off`."""
    stop: str = "never"
    """`decided`: with `against` and `margin`, each benchmark of the model after stops as soon as it is decided."""
    noise: bool = False
    """Measure the model before a second time from scratch (A/A): how much changes when nothing changed."""
    export: str | None = None
    """Also write the results there in lm-eval's format."""
    out: str | None = None
    data_root: str | None = None
    cache: str | None = None
