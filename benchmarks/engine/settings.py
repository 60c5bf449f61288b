"""How a measurement is made: everything about it that is neither the model nor the suite."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from holdfast.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Defaults suit one machine."""

    batch_size: int | Literal["auto"] = 16
    """Items per forward pass of a model in memory, or `auto`: what its device surely holds. Batches are
    planned per task, so a resumed run has the same."""
    chat: bool | None = None
    """Chat template on or off; None: on when the tokenizer has one."""
    limit: int | None = None
    """At most so many items of each task (a fixed subset); the suite's own limits hold when they are lower."""
    max_tokens: int | None = None
    """Longest answer in tokens; None: each task's own. Thinking models need more."""
    max_length: int | None = None
    """The model's context in tokens; None: what its configuration says."""
    repeats: int | None = None
    """Completions per item of tasks that sample; None: each task's own."""
    sampling: Mapping[str, Any] = field(default_factory=dict)
    """Sampling arguments for every generative task (`temperature`, `top_p`, …); empty: each task's own."""
    seed: int = 0
    """Seed of sampled answers."""
    draw: int = 0
    """Which of several independent draws of the sampled answers: an A/A run takes the next one."""
    thinking: "str | Sequence[str] | None" = None
    """How the model marks its thoughts: two markers, or `/regex/`; None: as the known families do."""
    chat_template_args: Mapping[str, Any] = field(default_factory=dict)
    """Passed to the chat template (`enable_thinking: false`)."""
    draft: Literal["auto", "before", "off"] = "auto"
    """Whether the answers of a related model are tried as drafts: where that changes no token (float32), wherever the
    model allows it, or never."""
    progress: bool = True
    """Show rate and time left on stderr."""

    def check(self) -> None:
        """Raise UsageError for a number that leaves nothing to measure."""
        for name in ("limit", "max_tokens", "max_length", "repeats", "batch_size"):
            value = getattr(self, name)
            if isinstance(value, str) and value != "auto":
                raise UsageError(f"{name} must be a whole number or auto, not {value!r}")
            if isinstance(value, bool | float):
                raise UsageError(f"{name} must be a whole number, not {value!r}")
            if isinstance(value, int) and value < 1:
                raise UsageError(f"{name} must be at least 1, not {value}")

    def sampling_of(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """The sampling arguments of a task whose own are `own`. `coupled` alone keeps a task's own arguments, and means
        nothing where the task does not sample. Raises UsageError for a `coupled` that is neither true nor false."""
        coupled = self.sampling.get("coupled", own.get("coupled", False))
        if not isinstance(coupled, bool):
            raise UsageError(f"sampling.coupled is true or false, not {coupled!r}")
        given = {name: value for name, value in self.sampling.items() if name != "coupled"} or dict(own)
        given.pop("coupled", None)
        return {**given, "coupled": True} if coupled and given.get("temperature") else given
