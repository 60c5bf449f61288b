"""What an engine is, and what is asked of one of lm-eval's models."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from holdfast.benchmarks.engine.items import Completion, Item
from holdfast.benchmarks.lm_eval_fence.requests import conversation, requests
from holdfast.sample import Message

Emit = Callable[[Sequence[tuple[Item, Completion]]], None]


class Engine(Protocol):
    """What generates completions: a model and its backend."""

    chat: bool
    """Whether the model has a chat template (or is only reachable through one)."""
    chunk: int
    """How many items one call of `run` is best given."""
    max_length: int | None
    lockstep: bool
    """Whether the model is spread over processes, so that each must take part in every forward pass of another."""

    @property
    def reusable(self) -> bool:
        """Whether equal keys mean equal weights. Where not, nothing is reused beyond the run that generated it."""

    def describe(self) -> dict[str, Any]:
        """The model: name, fingerprint, tokenizer."""

    def key(self) -> str:
        """Hash of all that can change a completion besides the item: weights, tokenizer, backend, batch."""

    def parts(self) -> dict[str, Any]:
        """What `key` is the hash of, by name."""

    def adds(self, generation: Mapping[str, Any]) -> dict[str, Any]:
        """What the model's own defaults add to generation arguments."""

    def check(self, generation: Mapping[str, Any]) -> None:
        """Raise UsageError for generation arguments that the backend does not take."""

    def count(self, prompt: str) -> int:
        """Tokens of a prompt; 0 where that is not known."""

    def render(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]] = ()) -> str:
        """The chat template applied, with its tools where there are any, up to the opening of the assistant's turn; a
        final assistant message is begun, and the model goes on from it."""

    def run(self, items: Sequence[Item], emit: Emit) -> None:
        """Answer items of one kind and one set of generation arguments; `emit` gets them as they are finished."""


def instances(items: Sequence[Item], chat: bool = False) -> list[Any]:
    """lm-eval's requests of items; several per item for a comparison of options. `chat`: the prompt is a conversation
    as JSON, for an API."""
    made = []
    for item in items:
        if item.kind == "generate":
            prompt = conversation(item.prompt) if chat else item.prompt
            made += requests("generate_until", [(prompt, dict(item.generation))], item.task)
        elif item.kind == "rolling":
            made += requests("loglikelihood_rolling", [(item.prompt,)], item.task)
        else:
            made += requests("loglikelihood", list(item.pairs), item.task)
    return made


def rendered(lm: Any, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]] = ()) -> str:
    """lm-eval's template of a model, with tools where there are any; a final assistant message is begun."""
    plain = [dict(message) for message in messages]
    begun = plain[-1]["role"] == "assistant"
    before = getattr(lm, "chat_template_args", None)
    if tools:
        lm.chat_template_args = {**(before or {}), "tools": [dict(tool) for tool in tools]}
    try:
        prompt = lm.apply_chat_template(plain, add_generation_prompt=not begun)
    finally:
        if tools:
            lm.chat_template_args = before
    return str(getattr(prompt, "prompt", prompt))
