"""What an engine is, and what is asked of one of lm-eval's models."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from holdfast.benchmarks.engine.items import Completion, Item
from holdfast.sample import Message

Emit = Callable[[Sequence[tuple[Item, Completion]]], None]


class Engine(Protocol):
    """What generates. Multi-turn tool environments become another implementation."""

    chat: bool
    """Whether the model has a chat template (or is only reachable through one)."""
    chunk: int
    """How many items one call of `run` is best given."""
    max_length: int | None
    lockstep: bool
    """Whether the model is spread over processes, so that each must take part in every forward pass of another."""

    def describe(self) -> dict[str, Any]:
        """The model: name, fingerprint, tokenizer."""

    def key(self) -> str:
        """Hash of all that can change a completion besides the item: weights, tokenizer, backend, batch."""

    def render(self, messages: Sequence[Message]) -> str:
        """The chat template applied, up to the opening of the assistant's turn."""

    def run(self, items: Sequence[Item], emit: Emit) -> None:
        """Answer items of one kind and one set of generation arguments; `emit` gets them as they are finished."""


def instances(items: Sequence[Item], chat: bool = False) -> list[Any]:
    """lm-eval's requests of items; several per item for a comparison of options. `chat`: the prompt is a conversation
    as JSON, for an API."""
    from lm_eval.api.instance import Instance
    from lm_eval.models.api_models import JsonChatStr

    made = []
    for item in items:
        if item.kind == "generate":
            asked = JsonChatStr(item.prompt) if chat else item.prompt
            arguments: list[tuple[Any, ...]] = [(asked, dict(item.generation))]
        elif item.kind == "rolling":
            arguments = [(item.prompt,)]
        else:
            arguments = list(item.pairs)
        request = {"generate": "generate_until", "rolling": "loglikelihood_rolling"}.get(item.kind, item.kind)
        made += [
            Instance(request_type=request, doc={}, arguments=one, idx=i, metadata=(item.task, 0, 1))
            for i, one in enumerate(arguments)
        ]
    return made
